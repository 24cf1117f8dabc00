# Compares and installs declared files. Arguments: FENCE RUN, then
#   check (SHA256 CKSUM MODE PATH)...           prints file<TAB>INDEX<TAB>same|differs
#   install (SHA256 CKSUM MODE PATH PARTS)...   prints file<TAB>INDEX<TAB>installed, or failed<TAB>why
# The parts lie as $state/stage/SHA256.0, .1 and so on.

take_fence "$1" "$2"
verb=$3
shift 3
stage=$state/stage
mkdir -p "$stage" || die 73 "can't write to $state"

# Without sha256sum the POSIX check sum has to do.
matches() { # FILE SHA256 CKSUM
  [ -f "$1" ] || return 1
  if tool sha256sum; then
    found=$("$tool" <"$1" 2>/dev/null)
    [ "${found%% *}" = "$2" ]
  else
    found=$(cksum <"$1" 2>/dev/null)
    [ "${found% }" = "$3" ]
  fi
}

install_file() { # SHA256 CKSUM MODE PATH PARTS
  path=$root$4
  case $4 in /*) ;; *) why="not an absolute path"; return 1 ;; esac
  if [ -d "$path" ]; then why="it is a directory"; return 1; fi
  # A caller who lost the answer asks again, and the parts are gone.
  if matches "$path" "$1" "$2"; then why=$(chmod "$3" "$path" 2>&1); return; fi
  parent=${path%/*}/
  why=$( (umask 022 && mkdir -p "$parent") 2>&1) || return 1
  temp=$parent.muster.$$
  part=0
  true >"$temp" || { why="can't write there"; return 1; }
  while [ "$part" -lt "$5" ]; do
    why=$(cat "$stage/$1.$part" 2>&1 >>"$temp") || return 1
    part=$((part + 1))
  done
  if ! matches "$temp" "$1" "$2"; then why="what arrived has another check sum"; return 1; fi
  why=$(chmod "$3" "$temp" 2>&1 && mv -f "$temp" "$path" 2>&1)
}

index=0
while [ $# -gt 0 ]; do
  case $verb in
    check)
      if matches "$root$4" "$1" "$2" && chmod "$3" "$root$4"; then
        emit file "$index" same
      else
        emit file "$index" differs
      fi
      shift 4
      ;;
    install)
      if install_file "$1" "$2" "$3" "$4" "$5"; then
        emit file "$index" installed
      else
        rm -f "${temp:-/nonexistent}"
        emit file "$index" failed "$why"
      fi
      shift 5
      ;;
    *) die 64 "'$verb' is neither check nor install" ;;
  esac
  index=$((index + 1))
done
if [ "$verb" = install ]; then rm -f "$stage"/*; fi
emit end
