# Installs system updates. Runs as an attempt; its output is the package manager's own.
# Arguments: all|security PROXY SECONDS to wait for another package manager.
# Writes to $MUSTER_ATTEMPT/result, as key<TAB>value:
#   manager apt|dnf|zypper|apk · phase lock|source|install|done · holder NAME · waiting COUNT
#   package NAME OLD NEW · reboot yes|no · outcome patched|unreachable|failed · message TEXT

policy=$1 proxy=$2 patience=$3
facts=$MUSTER_ATTEMPT/result
log=$MUSTER_ATTEMPT/log
needs_reboot=no
: >"$facts"

if [ -n "$proxy" ]; then
  http_proxy=$proxy https_proxy=$proxy HTTP_PROXY=$proxy HTTPS_PROXY=$proxy
  export http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
fi

fact() { # KEY VALUE...
  emit "$@" >>"$facts"
}

conclude() { # OUTCOME MESSAGE
  fact phase done
  fact message "$2"
  fact outcome "$1"
  [ "$1" = patched ]
  exit
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

apt_proxy_options() {
  [ -z "$proxy" ] || printf '%s\n' "-oAcquire::http::Proxy=$proxy" "-oAcquire::https::Proxy=$proxy"
}

apt_run() { # ARG...
  set -f
  # shellcheck disable=SC2046 # options hold no spaces
  attempt_step apt-get -q -y $(apt_proxy_options) -oDPkg::Lock::Timeout=120 -oAcquire::Retries=2 \
    -oAcquire::http::Timeout=20 -oAPT::Keep-Downloaded-Packages=false \
    -oDpkg::Options::=--force-confdef -oDpkg::Options::=--force-confold "$@"
  apt_code=$?
  set +f
  return "$apt_code"
}

patch_apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a APT_LISTCHANGES_FRONTEND=none UCF_FORCE_CONFFOLD=1
  export DEBIAN_FRONTEND NEEDRESTART_MODE APT_LISTCHANGES_FRONTEND UCF_FORCE_CONFFOLD
  # A run that was cut off leaves packages half configured.
  attempt_step dpkg --configure -a || give_up "dpkg --configure -a"
  fact phase source
  # An older apt says 0 although nothing could be fetched.
  apt_run -oAPT::Update::Error-Mode=any update || give_up "apt-get update"
  if source_failed; then conclude unreachable "$(last_line)"; fi
  apt_run --with-new-pkgs -s upgrade >/dev/null || give_up "apt-get -s upgrade"
  if [ "$policy" = security ]; then
    pattern='^Inst [^ ]* .*[Ss]ecurity'
  else
    pattern='^Inst '
  fi
  waiting=$(grep "$pattern" "$log.part" | sed 's/^Inst \([^ ]*\).*/\1/')
  set -f
  # shellcheck disable=SC2086 # names, one a word
  set -- $waiting
  set +f
  fact waiting $#
  [ $# -gt 0 ] || return 0
  fact phase install
  if [ "$policy" = security ]; then
    apt_run install --only-upgrade "$@" || give_up "apt-get install"
  else
    apt_run --with-new-pkgs upgrade || give_up "apt-get upgrade"
  fi
}

patch_dnf() {
  dnf=dnf
  tool dnf || dnf=yum
  fact phase source
  attempt_step "$dnf" -y ${proxy:+"--setopt=proxy=$proxy"} makecache || give_up "$dnf makecache"
  if [ "$policy" = security ]; then set -- --security; else set --; fi
  attempt_step "$dnf" -q ${proxy:+"--setopt=proxy=$proxy"} check-update "$@"
  fact waiting "$(grep -c -E '^[^[:space:]]+\.[^[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+[^[:space:]]+' "$log.part")"
  fact phase install
  attempt_step "$dnf" -y ${proxy:+"--setopt=proxy=$proxy"} upgrade "$@" || give_up "$dnf upgrade"
  # A program of its own, or a plug-in; where neither is installed, the exit status is that of a reboot.
  if tool needs-restarting; then set -- needs-restarting; else set -- "$dnf" needs-restarting; fi
  if real "$@" -r 2>/dev/null </dev/null | grep -q '^Reboot is required'; then needs_reboot=yes; fi
}

patch_zypper() {
  ZYPP_LOCK_TIMEOUT=120
  export ZYPP_LOCK_TIMEOUT
  fact phase source
  attempt_step zypper --non-interactive --no-color refresh || give_up "zypper refresh"
  fact phase install
  case $policy-$distribution in
    # Patches that want a reboot count as interactive, and would be left out.
    security-*) set -- patch --category security --with-interactive --auto-agree-with-licenses ;;
    *-opensuse-tumbleweed) set -- dist-upgrade --auto-agree-with-licenses ;;
    *) set -- update --auto-agree-with-licenses ;;
  esac
  for round in 1 2; do
    attempt_step zypper --non-interactive --no-color "$@"
    case $? in
      0) break ;;
      102) needs_reboot=yes; break ;;
      # It updated itself first and wants to be called again.
      103) ;;
      106) fact message "some repositories could not be refreshed and were left out"; break ;;
      107) fact message "installed, but scripts of some packages failed: $(last_line)"; break ;;
      *) give_up "zypper $1" ;;
    esac
  done
  real zypper --non-interactive needs-rebooting >/dev/null 2>&1 </dev/null
  [ $? -ne 102 ] || needs_reboot=yes
}

patch_apk() {
  fact phase source
  attempt_step apk --no-progress --wait 120 update || give_up "apk update"
  if source_failed; then conclude unreachable "$(last_line)"; fi
  attempt_step apk --no-progress --simulate upgrade || give_up "apk upgrade --simulate"
  fact waiting "$(grep -c -E 'Upgrading|Installing' "$log.part")"
  fact phase install
  if [ "$policy" = security ]; then fact message "apk knows no security updates apart: all were installed"; fi
  attempt_step apk --no-progress --wait 120 upgrade || give_up "apk upgrade"
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
