# Ends an attempt and all of its group. Arguments: FENCE RUN KEY SECONDS between TERM and KILL.
# Prints what supervise-status prints, when it is over.

take_fence "$1" "$2"
attempt_dir "$3"
key=$3 grace=$4

wait_over() { # SECONDS
  over_until=$(($(now_ms) + $1 * 1000))
  while :; do
    attempt_state "$dir"
    case $attempt in starting | running) ;; *) return 0 ;; esac
    [ "$(now_ms)" -lt "$over_until" ] || return 1
    nap
  done
}

# Its supervisor is dead or deaf.
end_by_force() {
  if [ -d "$root/run/systemd/system" ] && tool systemctl; then
    "$tool" kill --signal=KILL "muster-attempt-$key.service" 2>/dev/null
  fi
  attempt_pid= group_pid=
  [ -s "$dir/pid" ] && read -r attempt_pid attempt_start attempt_rest <"$dir/pid"
  if [ -n "$attempt_pid" ] && alive "$attempt_pid" "$attempt_start"; then kill -KILL "$attempt_pid"; fi
  if group_alive "$dir"; then kill -KILL "-$group_pid"; fi
  # It knew how its command ended, and a slow disk kept that from being told: what succeeded must not run again.
  if [ -n "$attempt_pid" ] && [ -s "$dir/exit.$attempt_pid" ]; then
    mv -f "$dir/exit.$attempt_pid" "$dir/exit" 2>/dev/null
  fi
  wait_over 5
}

attempt_state "$dir"
case $attempt in
  starting | running)
    mkdir -p "$run/stop" && printf '%s\n' "$grace" | put_file "$run/stop/$key" || die 73 "can't write to $run"
    wait_over $((grace + 10)) || end_by_force
    ;;
esac
print_attempt "$dir" last
