# Head of every script that runs in a guest: POSIX sh, for dash, bash and busybox alike.
# MUSTER_ROOT, MUSTER_PROC and MUSTER_PATH put a directory in the place of /, /proc and PATH; the
# agent sets none of them.

set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=${MUSTER_PATH:-${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
root=${MUSTER_ROOT:-}
proc=${MUSTER_PROC:-/proc}
state=$root/var/lib/muster
run=$root/run/muster
tab=$(printf '\t')

die() { # CODE TEXT
  printf '%s\n' "$2" >&2
  exit "$1"
}

# The program's path in $tool. A shell's own applets are no answer: busybox would run its own
# poweroff where another one is meant.
tool() { # NAME
  tool=
  tool_ifs=$IFS
  IFS=:
  for tool_dir in $PATH; do
    if [ -f "$tool_dir/$1" ] && [ -x "$tool_dir/$1" ]; then
      tool=$tool_dir/$1
      break
    fi
  done
  IFS=$tool_ifs
  [ -n "$tool" ]
}

# One line of tab-separated fields; what could break the line is taken out of them.
emit() { # FIELD...
  emit_line=
  for emit_field in "$@"; do
    case $emit_field in
      *[!\ -~]*)
        emit_field=$(printf '%s' "$emit_field" | tr '\t\r\n' '   ' | tr -d '\000-\037\177') ;;
    esac
    if [ "${#emit_field}" -gt 400 ]; then
      emit_field=$(printf '%s' "$emit_field" | cut -b1-400)
    fi
    emit_line=$emit_line${emit_line:+$tab}$emit_field
  done
  printf '%s\n' "$emit_line"
}

# Milliseconds since boot: no clock that somebody may set.
now_ms() {
  read -r now_up now_rest </proc/uptime
  echo $((${now_up%.*} * 1000 + 1${now_up#*.} * 10 - 1000))
}

boot_id() {
  cat /proc/sys/kernel/random/boot_id
}

# Start time of a process, which together with its id and the boot id names it for ever; nothing when
# there is none, or only its remains.
start_of() { # PID
  start_stat=
  # The name in parentheses may hold anything, line breaks too, so count from its end.
  while read -r start_line; do start_stat=$start_stat$start_line; done 2>/dev/null <"/proc/$1/stat"
  set -- ${start_stat##*)}
  [ $# -ge 20 ] || return 0
  case $1 in Z | X) return 0 ;; esac
  shift 19
  echo "$1"
}

alive() { # PID START
  [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]
}

# What is started by hand must leave the session of its caller, and its group must be its own to be ended.
need_setsid() {
  command -v setsid >/dev/null || die 69 "the guest has no program setsid: install util-linux"
}

nap() {
  sleep 0.1 2>/dev/null || sleep 1
}

# At most SECONDS for a program; 124 when it took longer.
within() { # SECONDS PROGRAM ARG...
  if command -v timeout >/dev/null; then
    timeout -s KILL "$@" </dev/null
    within_code=$?
    case $within_code in 137 | 143) within_code=124 ;; esac
    return "$within_code"
  fi
  within_left=$(($1 * 10))
  shift
  "$@" </dev/null &
  within_pid=$!
  within_start=$(start_of "$within_pid")
  while alive "$within_pid" "$within_start"; do
    if [ "$within_left" -le 0 ]; then
      kill -KILL "$within_pid" 2>/dev/null
      wait "$within_pid" 2>/dev/null
      return 124
    fi
    within_left=$((within_left - 1))
    nap
  done
  wait "$within_pid"
}

# Complete or not at all; content on standard input.
put_file() { # PATH
  if cat >"$1.$$" && mv -f "$1.$$" "$1"; then return 0; fi
  rm -f "$1.$$"
  return 1
}

# Refuses a fence lower than the highest seen. Each fence is a file of its own, so that two callers
# at once can't lower it. One that is there needs no writing: on a full disk work can still be stopped.
take_fence() { # FENCE RUN
  case $1 in '' | *[!0-9]*) die 64 "fence '$1' is not a number" ;; esac
  mkdir -p "$state/fences" "$run" 2>/dev/null || die 73 "can't write to $state"
  [ -e "$state/fences/$1" ] || printf '%s\n' "$2" >"$state/fences/$1" || die 73 "can't write to $state"
  for fence_file in "$state/fences"/*; do
    fence_seen=${fence_file##*/}
    if [ "$fence_seen" -gt "$1" ]; then
      fence_run=
      read -r fence_run 2>/dev/null <"$fence_file"
      rm -f "$state/fences/$1"
      die 75 "fence $1 is lower than fence $fence_seen of run $fence_run"
    fi
    [ "$fence_seen" -eq "$1" ] || rm -f "$fence_file"
  done
}
