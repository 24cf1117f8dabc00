# Powers the guest off when no beat came for the time in $run/limit (seconds), unless an attempt or a
# package manager is at work. Started by launch; ends with the guest.

limit=1800

pause() {
  sleep "$((limit > 600 ? 60 : limit / 10 > 0 ? limit / 10 : 1))"
}

overdue() {
  read -r limit <"$run/limit" && read -r beat <"$run/beat" || return 1
  case $limit$beat in *[!0-9]*) return 1 ;; esac
  [ $(($(now_ms) - beat)) -ge $((limit * 1000)) ]
}

busy() {
  for busy_dir in "$state/attempts"/*/; do
    attempt_state "${busy_dir%/}"
    case $attempt in starting | running) return 0 ;; esac
  done
  [ -n "$(package_managers)" ]
}

power_off() {
  for word in systemctl poweroff halt; do
    tool "$word" || continue
    case $word in
      systemctl) "$tool" poweroff && return 0 ;;
      halt) "$tool" -p && return 0 ;;
      *) "$tool" && return 0 ;;
    esac
  done
}

printf '%s %s\n' "$$" "$(start_of "$$")" | put_file "$run/deadman.pid"
while :; do
  if overdue && ! busy; then power_off; fi
  pause
done
