# The supervisor of one attempt, in a session of its own. Arguments: DIR FILE-OF-ENVIRONMENT.
# Its names begin with m_: the environment of the attempt may hold any other name.

m_dir=$1 m_env=$2
read -r m_limit m_max <"$m_dir/limits"
m_begin=$(now_ms)

printf '%s %s %s %s\n' "$$" "$(start_of "$$")" "$(boot_id)" "$m_begin" >"$m_dir/pid.$$"
if ! ln "$m_dir/pid.$$" "$m_dir/pid" 2>/dev/null; then exit 0; fi
rm -f "$m_dir/pid.$$"

# Output goes to the disk as it comes. Beyond the maximum only its end is kept.
keep_output() {
  keep_before=0
  while :; do
    dd bs=65536 count=64 2>/dev/null >>"$m_dir/out"
    keep_now=$(size_of "$m_dir/out")
    [ "$keep_now" -ne "$keep_before" ] || return 0
    keep_before=$keep_now
    [ "$keep_now" -lt "$m_max" ] || break
  done
  tail -c 4096 >"$m_dir/tail"
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

# TERM, and KILL when something of the group is left after SECONDS.
end_group() { # SECONDS
  signal_group TERM
  m_until=$(($(now_ms) + $1 * 1000))
  while [ "$(now_ms)" -lt "$m_until" ]; do
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

finish() { # CODE HOW
  printf '%s %s %s\n' "$1" "$2" "$(($(now_ms) - m_begin))" | put_file "$m_dir/exit"
}

if [ -e "$m_dir/stop" ]; then
  rm -f "$m_env"
  finish 143 stopped
  exit 0
fi

: >"$m_dir/out"
mkfifo "$m_dir/fifo"
keep_output <"$m_dir/fifo" &
m_keeper=$!
run_command </dev/null >"$m_dir/fifo" 2>&1 &
m_command=$!
m_start=$(start_of "$m_command")

m_how=exit m_code=
until reap; do
  m_age=$(($(now_ms) - m_begin))
  if [ -s "$m_dir/stop" ]; then
    m_how=stopped
    read -r m_grace <"$m_dir/stop"
    end_group "$m_grace"
  elif [ "$m_age" -ge $((m_limit * 1000)) ]; then
    m_how=timeout
    end_group "$((m_limit < 10 ? m_limit : 10))"
  elif [ "$m_age" -lt 3000 ]; then
    nap
  else
    sleep 1
  fi
done
# What the command left behind in its group goes with it.
if signal_group 0; then end_group 1; fi

m_until=$(($(now_ms) + 10000))
m_keeper_start=$(start_of "$m_keeper")
while alive "$m_keeper" "$m_keeper_start" && [ "$(now_ms)" -lt "$m_until" ]; do nap; done
kill "$m_keeper" 2>/dev/null
rm -f "$m_dir/fifo"
finish "$m_code" "$m_how"
