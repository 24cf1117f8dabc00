# Takes the guest over for a run and arms the dead-man timer.
# Arguments: FENCE RUN SECONDS WORKER TEXT-OF-DEADMAN. Prints: armed<TAB>systemd|process|already

take_fence "$1" "$2"
seconds=$3 worker=$4 text=$5

mkdir -p "$state/stage" "$state/attempts" "$run/env" || die 73 "can't write to $state"
now_ms | put_file "$run/beat" || die 73 "can't write to $run"
printf '%s\n' "$seconds" | put_file "$run/limit"
printf '%s\n%s\n' "$worker" "$2" | put_file "$run/launch"

# Of an attempt that ended a week ago stays that it was and how it ended, for the newest two thousand.
find "$state/attempts" -name exit -mtime +7 | while read -r old; do
  old=${old%/exit}
  [ -e "$old/out" ] || continue
  for file in "$old"/*; do
    case $file in */claim | */exit) ;; *) rm -f "$file" ;; esac
  done
done
ls -t "$state/attempts" | tail -n +2001 | while read -r old; do
  if [ -e "$state/attempts/$old/exit" ]; then rm -rf "$state/attempts/$old"; fi
done

armed() {
  [ -s "$run/deadman.pid" ] || return 1
  read -r deadman_pid deadman_start <"$run/deadman.pid"
  alive "$deadman_pid" "$deadman_start"
}

wait_armed() {
  tries=50
  until armed; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    nap
  done
}

if armed; then
  emit armed already
  exit 0
fi
printf '%s\n' "$text" | put_file "$run/deadman.sh"
# Only a unit of its own outlives a restart of the agent where systemd is in charge.
if [ -d "$root/run/systemd/system" ] && tool systemd-run &&
  "$tool" --quiet --collect --unit=muster-deadman /bin/sh "$run/deadman.sh" >/dev/null 2>&1 </dev/null &&
  wait_armed; then
  emit armed systemd
  exit 0
fi
need_setsid
setsid sh "$run/deadman.sh" </dev/null >/dev/null 2>&1 &
wait_armed || die 70 "the dead-man timer did not start"
emit armed process
