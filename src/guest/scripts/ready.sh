# Has cloud-init finished? Arguments: SECONDS to wait for it at most.
# Prints: cloud-init<TAB>absent|disabled|done|error|running<TAB>detail

left=$(($1 * 2))

cloud_init_state() {
  answer=running detail=
  if ! tool cloud-init; then
    answer=absent
  elif [ -e "$root/etc/cloud/cloud-init.disabled" ] || [ -e "$root/run/cloud-init/disabled" ]; then
    answer=disabled
  elif [ -s "$root/run/cloud-init/result.json" ]; then
    result=$(tr -d '\n' <"$root/run/cloud-init/result.json" | cut -b1-2000)
    case $result in
      *'"errors": []'*) answer=done ;;
      *)
        detail=${result#*'"errors": ['}
        detail=${detail%%']'*}
        detail=${detail#"${detail%%[! ]*}"}
        answer=error detail=${detail%"${detail##*[! ]}"}
        ;;
    esac
  elif [ ! -d "$root/run/cloud-init" ]; then
    ask_cloud_init
  fi
}

# No trace of it in this boot: it may be installed and not be part of the boot.
ask_cloud_init() {
  status=$(within 20 "$tool" status 2>/dev/null)
  case $status in
    *'status: done'* | *'status: degraded'*) answer=done ;;
    *'status: error'*) answer=error detail=$status ;;
    *'status: disabled'*) answer=disabled ;;
    *'not run'* | *'not started'*)
      detail=$status
      if [ "$(now_ms)" -gt 120000 ]; then answer=disabled; fi
      ;;
  esac
}

while :; do
  cloud_init_state
  if [ "$answer" != running ] || [ "$left" -le 0 ]; then break; fi
  left=$((left - 1))
  sleep 0.5 2>/dev/null || sleep 1
done
emit cloud-init "$answer" "$detail"
