# Starts an attempt once, or finds it started. Arguments: FENCE RUN KEY SECONDS MAX-OUTPUT TEXT-OF-RUNNER
# PROGRAM ARG...; standard input: shell assignments of its environment. Prints what supervise-status prints.

take_fence "$1" "$2"
attempt_dir "$3"
key=$3 limits="$4 $5" runner=$6
shift 6
need_setsid
mkdir -p "$dir" "$run/env" || die 73 "can't write to $state"

# A word that a shell reads back as it was, on a line that goes on.
quote() { # WORD
  printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/' \\\\/"
}

prepare() { # PROGRAM ARG...
  cat >"$run/env/$key" || return 1
  for word in "$@"; do quote "$word"; done >"$dir/argv" || return 1
  printf '%s\n' "$limits" >"$dir/limits" && printf '%s\n' "$runner" >"$dir/runner"
}

begin() {
  if [ -d "$root/run/systemd/system" ] && tool systemd-run &&
    "$tool" --quiet --collect --unit="muster-attempt-$key" /bin/sh "$dir/runner" "$dir" "$run/env/$key" \
      >/dev/null 2>&1 </dev/null; then
    return 0
  fi
  setsid sh "$dir/runner" "$dir" "$run/env/$key" </dev/null >/dev/null 2>&1 &
}

# A link is made or not, and comes with its content: of two callers one is the first.
printf '%s %s\n' "$(now_ms)" "$(boot_id)" >"$dir/claim.$$" || die 73 "can't write to $state"
if ln "$dir/claim.$$" "$dir/claim" 2>/dev/null; then
  rm -f "$dir/claim.$$"
  if prepare "$@"; then
    begin
    tries=30
    until [ -s "$dir/pid" ] || [ "$tries" -le 0 ]; do
      tries=$((tries - 1))
      nap
    done
  else
    printf '73 exit 0\n' | put_file "$dir/exit"
    rm -f "$run/env/$key"
  fi
else
  rm -f "$dir/claim.$$"
fi
print_attempt "$dir" 0
