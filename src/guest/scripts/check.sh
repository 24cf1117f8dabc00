# Runs one declared check. Arguments: SECONDS PROGRAM ARG...
# Prints: check<TAB>EXIT<TAB>exit|timeout<TAB>last line of its output

mkdir -p "$run" || die 73 "can't write to $run"
status_file=$run/check.$$
limit=$1
shift
last=$(
  {
    # A program of the user's own: nothing of our locale and umask.
    unset LC_ALL
    umask 022
    within "$limit" "$@" 2>&1
    echo $? >"$status_file"
  } | tail -c 4096 | tr -d '\000' | grep -v '^[[:space:]]*$' | tail -n 1
)
read -r code <"$status_file"
rm -f "$status_file"
how=exit
if [ "$code" = 124 ]; then
  how=timeout
  # The shell's word for what was done to it.
  case $last in Killed* | Terminated*) last='' ;; esac
fi
emit check "$code" "$how" "$last"
