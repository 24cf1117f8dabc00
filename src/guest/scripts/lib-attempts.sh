# Attempts: $state/attempts/KEY holds claim, argv, limits, runner, pid, group, out, tail, result, exit; `over` once
# it was to be ended, and `hold` while it must not be.
# $run/env/KEY is its environment until it starts, $run/stop/KEY the wish to end it, and $run/exit/KEY how it
# ended where the disk took no more.

attempt_dir() { # KEY
  case $1 in '' | .* | *[!A-Za-z0-9._-]*) die 64 "'$1' is not a key" ;; esac
  dir=$state/attempts/$1
}

# Sets attempt to absent, starting, running, ended or lost, and code, how, elapsed.
attempt_state() { # DIR
  attempt=absent code= how= elapsed=0
  [ -s "$1/claim" ] || return 0
  if attempt_ended "$1"; then return 0; fi
  attempt_boot=$(boot_id)
  if [ ! -s "$1/pid" ]; then
    read -r claim_at claim_boot <"$1/claim"
    attempt=starting
    if [ "$claim_boot" = "$attempt_boot" ] && [ $(($(now_ms) - claim_at)) -lt 30000 ]; then return 0; fi
    # Takes the place of a runner that did not come; should it still come, it finds it taken.
    printf '0 0 none 0\n' >"$1/never.$$"
    ln "$1/never.$$" "$1/pid" 2>/dev/null
    rm -f "$1/never.$$"
  fi
  read -r attempt_pid attempt_start pid_boot attempt_begin <"$1/pid"
  if [ "$pid_boot" = "$attempt_boot" ]; then
    elapsed=$(($(now_ms) - attempt_begin))
    attempt=running
    if alive "$attempt_pid" "$attempt_start"; then return 0; fi
    if attempt_ended "$1"; then return 0; fi
    if group_alive "$1"; then return 0; fi
  fi
  attempt=lost elapsed=0
  rm -f "$run/env/${1##*/}"
}

attempt_ended() { # DIR
  for ended_file in "$1/exit" "$run/exit/${1##*/}"; do
    [ -s "$ended_file" ] || continue
    # Not yet told: its supervisor still brings it to the disk.
    if supervised "$1"; then return 1; fi
    read -r code how elapsed <"$ended_file"
    attempt=ended
    return 0
  done
  return 1
}

supervised() { # DIR
  [ -s "$1/pid" ] || return 1
  read -r ended_pid ended_start ended_boot ended_rest <"$1/pid"
  [ -d "/proc/$ended_pid" ] && alive "$ended_pid" "$ended_start" && [ "$ended_boot" = "$(boot_id)" ]
}

# True while a process of the attempt's group lives, its supervisor being dead.
group_alive() { # DIR
  group_pid= group_start=
  [ -s "$1/group" ] && read -r group_pid group_start <"$1/group"
  [ -n "$group_pid" ] || return 1
  alive "$group_pid" "$group_start" && return 0
  # A group outlives its leader; a leader with another start time is another group.
  [ ! -d "/proc/$group_pid" ] && kill -0 "-$group_pid" 2>/dev/null
}

size_of() { # FILE
  [ -f "$1" ] || { echo 0; return 0; }
  set -- $(ls -ln "$1")
  echo "$5"
}

# Bytes as hexadecimal digits: the only way in which any byte survives the way out.
hex() {
  od -An -v -tx1 | tr -d ' \n'
}

# What a caller sees of an attempt, with its output from OFFSET (or `last`: its end).
print_attempt() { # DIR OFFSET
  attempt_state "$1"
  size=$(size_of "$1/out")
  case $2 in
    last) offset=$((size > 4096 ? size - 4096 : 0)) ;;
    '' | *[!0-9]*) die 64 "offset '$2' is not a number" ;;
    *) offset=$(($2 < size ? $2 : size)) ;;
  esac
  next=$((size - offset > 32768 ? offset + 32768 : size))
  emit status "$attempt" "$code" "$how" "$elapsed" "$size" "$next"
  if [ "$next" -gt "$offset" ]; then
    printf 'output\t%s\n' "$(tail -c "+$((offset + 1))" "$1/out" | head -c $((next - offset)) | hex)"
  fi
  [ -s "$1/tail" ] && printf 'tail\t%s\n' "$(tail -c 4096 "$1/tail" | hex)"
  [ -s "$1/result" ] && printf 'result\t%s\n' "$(head -c 262144 "$1/result" | hex)"
  printf 'end\n'
}
