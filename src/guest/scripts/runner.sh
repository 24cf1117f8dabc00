# The supervisor of one attempt, in a session of its own. Arguments: DIR FILE-OF-ENVIRONMENT.
# Its names begin with m_: the environment of the attempt may hold any other name.

m_dir=$1 m_env=$2
m_key=${m_dir##*/}
m_stop=$run/stop/$m_key
read -r m_limit m_max <"$m_dir/limits"
m_begin=$(now_ms)

printf '%s %s %s %s\n' "$$" "$(start_of "$$")" "$(boot_id)" "$m_begin" >"$m_dir/pid.$$"
if ! ln "$m_dir/pid.$$" "$m_dir/pid" 2>/dev/null; then exit 0; fi
rm -f "$m_dir/pid.$$"

# Output goes to the disk as it comes. Beyond the maximum, or when the disk takes no more, only its end is
# kept; who writes it must always find somebody reading.
keep_output() {
  trap '' TERM HUP INT
  keep_before=0
  while dd bs=65536 count=64 2>/dev/null >>"$m_dir/out"; do
    keep_now=$(size_of "$m_dir/out")
    [ "$keep_now" -ne "$keep_before" ] || return 0
    keep_before=$keep_now
    [ "$keep_now" -lt "$m_max" ] || break
  done
  tail -c 4096 >&3
}

run_command() {
  unset LC_ALL
  umask 022
  cd /
  HOME=${HOME:-/root}
  MUSTER_ATTEMPT=$m_dir
  export HOME MUSTER_ATTEMPT
  m_words=$(cat "$m_dir/argv")
  m_text=$(cat "$m_env" 2>/dev/null)
  rm -f "$m_env"
  eval "set -- $m_words
"
  tool setsid
  m_setsid=${tool:-setsid}
  # Known before it runs, and not run when its supervisor is dead: a lost one is proven ended.
  read -r m_self m_rest </proc/self/stat
  printf '%s %s\n' "$m_self" "$(start_of "$m_self")" >"$m_dir/group.$$"
  mv -f "$m_dir/group.$$" "$m_dir/group"
  kill -0 "$$" 2>/dev/null || exit 1
  eval "$m_text"
  exec "$m_setsid" "$@"
}

# True once the command is dead; its exit status is then in m_code.
reap() {
  [ -z "$m_code" ] || return 0
  if alive "$m_command" "$m_start"; then return 1; fi
  wait "$m_command"
  m_code=$?
}

signal_group() { # SIGNAL
  kill "-$1" "-$m_command" 2>/dev/null
}

# TERM, once there is a group to get it, and KILL when something of it is left after SECONDS.
end_group() { # SECONDS
  m_told=no
  m_until=$(($(now_ms) + $1 * 1000))
  while [ "$(now_ms)" -lt "$m_until" ]; do
    if [ "$m_told" = no ] && signal_group TERM; then m_told=yes; fi
    if reap && ! signal_group 0; then return 0; fi
    nap
  done
  # Again and again: it may have been about to make its group.
  signal_group KILL
  until reap; do
    nap
    signal_group KILL
  done
}

# True unless a package manager is at work, which must not be cut off. The script `patch` makes `hold` first and
# looks for `over` then: one of the two always sees the other's.
may_end() {
  [ -e "$m_dir/over" ] || true >"$m_dir/over"
  [ ! -e "$m_dir/hold" ]
}

# A power cut right after success must not make it run again. Until this supervisor has ended, nobody tells how it
# ended (see attempt_state).
to_disk() { # PATH...
  tool sync || return 0
  # Not every sync takes names.
  "$tool" "$@" 2>/dev/null || "$tool"
}

finish() { # CODE HOW
  m_exit="$1 $2 $(($(now_ms) - m_begin))"
  if printf '%s\n' "$m_exit" >"$m_dir/exit.$$" && to_disk "$m_dir/claim" "$m_dir/exit.$$" &&
    mv -f "$m_dir/exit.$$" "$m_dir/exit"; then
    to_disk "$m_dir" "${m_dir%/*}"
    return 0
  fi
  rm -f "$m_dir/exit.$$"
  mkdir -p "$run/exit" && printf '%s\n' "$m_exit" | put_file "$run/exit/$m_key"
}

if [ -e "$m_stop" ]; then
  rm -f "$m_env"
  finish 143 stopped
  exit 0
fi

# A shutdown, or systemd after its program ran out of memory, ends the program; how it ended is still told.
trap : TERM HUP INT

if ! { true >"$m_dir/out" && true >"$m_dir/tail" && mkfifo "$m_dir/fifo"; }; then
  rm -f "$m_env"
  finish 73 exit
  exit 0
fi
keep_output <"$m_dir/fifo" 3>"$m_dir/tail" &
m_keeper=$!
run_command </dev/null >"$m_dir/fifo" 2>&1 &
m_command=$!
m_start=$(start_of "$m_command")

m_how=exit m_code=
until reap; do
  m_age=$(($(now_ms) - m_begin))
  if [ -s "$m_stop" ] && may_end; then
    m_how=stopped
    read -r m_grace <"$m_stop"
    end_group "$m_grace"
  elif [ "$m_age" -ge $((m_limit * 1000)) ] && may_end; then
    m_how=timeout
    end_group "$((m_limit < 10 ? m_limit : 10))"
  elif [ "$m_age" -lt 3000 ]; then
    nap
  else
    sleep 1
  fi
done
# A script that was killed leaves its package manager alone at work.
while [ "$m_code" -ge 128 ] && ! may_end && signal_group 0; do sleep 1; done
# What the command left behind in its group goes with it.
if signal_group 0; then end_group 1; fi

m_until=$(($(now_ms) + 10000))
m_keeper_start=$(start_of "$m_keeper")
while alive "$m_keeper" "$m_keeper_start" && [ "$(now_ms)" -lt "$m_until" ]; do nap; done
kill -KILL "$m_keeper" 2>/dev/null
rm -f "$m_dir/fifo"
finish "$m_code" "$m_how"
