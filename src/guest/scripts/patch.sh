# Installs system updates. Runs as an attempt; its output is the package manager's own.
# Arguments: all|security PROXY SECONDS to wait for another package manager.
# Writes to $MUSTER_ATTEMPT/result, as key<TAB>value:
#   manager apt|dnf|zypper|apk · phase lock|source|download|install|done · holder NAME · waiting COUNT
#   package NAME OLD NEW · reboot yes|no · outcome patched|unreachable|failed · message TEXT
# While $MUSTER_ATTEMPT/hold is there, packages are being changed and its supervisor does not end it; it has
# wanted to since $MUSTER_ATTEMPT/over is there.

policy=$1 proxy=$2 patience=$3
facts=$MUSTER_ATTEMPT/result
log=$MUSTER_ATTEMPT/log
needs_reboot=no
no_time="the time of timeouts.patch is over"
late=$no_time
: >"$facts"

if [ -n "$proxy" ]; then
  http_proxy=$proxy https_proxy=$proxy HTTP_PROXY=$proxy HTTPS_PROXY=$proxy
  export http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
fi

fact() { # KEY VALUE...
  emit "$@" >>"$facts"
}

conclude() { # OUTCOME MESSAGE
  text=$2
  if [ -e "$MUSTER_ATTEMPT/over" ]; then text=${text:+$text; }$late; fi
  fact phase done
  fact message "$text"
  fact outcome "$1"
  [ "$1" = patched ]
  exit
}

# What is behind it must not be cut off, and is not begun when time is over.
hold() {
  true >"$MUSTER_ATTEMPT/hold" || conclude failed "can't write to $MUSTER_ATTEMPT"
  [ ! -e "$MUSTER_ATTEMPT/over" ] || conclude failed "nothing was installed"
  late="it took longer than timeouts.patch, a package manager at work is not cut off"
}

release() {
  [ ! -e "$MUSTER_ATTEMPT/over" ] || conclude failed "no updates were installed"
  rm -f "$MUSTER_ATTEMPT/hold"
  late=$no_time
}

# The program itself: busybox has a dpkg and an rpm of its own.
real() { # PROGRAM ARG...
  tool "$1" || return 127
  shift
  "$tool" "$@"
}

# Runs a step of the package manager, its output shown and kept for the judgement of its failure.
attempt_step() { # PROGRAM ARG...
  real "$@" >"$log.part" 2>&1 </dev/null
  step_code=$?
  cat "$log.part"
  tail -c 65536 "$log.part" >"$log"
  return "$step_code"
}

last_line() {
  grep -v '^[[:space:]]*$' "$log" | grep -i -e '^e:' -e error -e fail -e unable -e cannot | tail -n 1 | cut -b1-300
}

# True when the last step failed on the way to its source.
source_failed() {
  grep -q -i -e 'failed to fetch' -e 'could not resolve' -e "couldn't resolve" -e 'could not connect' \
    -e 'cannot initiate the connection' -e 'connection timed out' -e 'connection failed' -e 'network is unreachable' \
    -e 'failed to download' -e 'all mirrors were tried' -e 'curl error' -e 'temporary error' -e 'network error' \
    -e 'download (curl) error' -e 'failed to retrieve new repository metadata' -e 'unable to connect' \
    -e 'cannot download' -e 'valid metadata not found' -e 'error opening http' -e 'host is unreachable' \
    -e 'dns error' -e 'remote server returned error' -e 'operation timed out' "$log"
}

# What was installed before is recorded all the same.
give_up() { # WHAT
  list_changes
  judge_reboot
  if source_failed; then conclude unreachable "$(last_line)"; fi
  conclude failed "$1: $(last_line)"
}

# Fetches ahead, which may be cut off. What else is wrong with it, installing tells better.
fetch() { # COMMAND ARG...
  fact phase download
  "$@" || ! source_failed || give_up "downloading"
}

wait_for_lock() {
  lock_until=$(($(now_ms) + patience * 1000))
  lock_told=''
  while :; do
    lock_holder=$(package_managers | tr '\n' ' ')
    lock_holder=${lock_holder% }
    [ -n "$lock_holder" ] || return 0
    if [ "$lock_holder" != "$lock_told" ]; then
      fact phase lock
      fact holder "$lock_holder"
      lock_told=$lock_holder
    fi
    if [ "$(now_ms)" -ge "$lock_until" ]; then
      conclude failed "another package manager did not end: $lock_holder"
    fi
    sleep 1
  done
}

# name<TAB>version of everything installed, sorted.
installed() {
  case $manager in
    apt) real dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\n' | sed -n 's/^ii *\t//p' ;;
    dnf | zypper) real rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\n' ;;
    apk) real apk info -v 2>/dev/null | sed -n 's/^\(.*\)-\([^-]*-r[0-9]*\)$/\1\t\2/p' ;;
  esac | sort
}

# What is there now and was not before, with the version it replaced.
list_changes() {
  installed >"$MUSTER_ATTEMPT/after"
  awk -F '\t' 'NR == FNR { seen[$0] = 1; if (!($1 in old)) old[$1] = $2; next }
    !($0 in seen) { print "package\t" $1 "\t" (($1 in old) ? old[$1] : "-") "\t" $2 }' \
    "$MUSTER_ATTEMPT/before" "$MUSTER_ATTEMPT/after" | head -n 2000 >>"$facts"
}

judge_reboot() {
  for reboot_file in /run/reboot-required /var/run/reboot-required /run/reboot-needed; do
    if [ -e "$root$reboot_file" ]; then needs_reboot=yes; fi
  done
  # Not every distribution leaves a note.
  if grep -q -E '^package.(linux-image|linux-virt|linux-lts|kernel|libc6|glibc|musl|systemd|dbus|openssl-libs)([-0-9][^[:space:]]*)?[[:space:]]' "$facts"; then
    needs_reboot=yes
  fi
  fact reboot "$needs_reboot"
}

find_manager() {
  distribution=$(sed -n 's/^ID=//p' "$root/etc/os-release" 2>/dev/null | tr -d "\"'" | sed -n 1p)
  family="$distribution $(sed -n 's/^ID_LIKE=//p' "$root/etc/os-release" 2>/dev/null | tr -d "\"'")"
  manager=''
  for word in $family; do
    case $word in
      debian | ubuntu) manager=apt ;;
      fedora | rhel | centos | rocky | almalinux | ol | amzn) manager=dnf ;;
      opensuse* | suse | sles | sled) manager=zypper ;;
      alpine) manager=apk ;;
      *) continue ;;
    esac
    return 0
  done
  conclude failed "no package manager is known for ID=$distribution (apt, dnf, zypper, apk)"
}

find_manager
fact manager "$manager"
wait_for_lock
installed >"$MUSTER_ATTEMPT/before"
"patch_$manager"
list_changes
judge_reboot
conclude patched "$(sed -n 's/^message.//p' "$facts" | tail -n 1)"
