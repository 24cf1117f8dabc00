# How each package manager installs what is waiting. Part of the script `patch`, whose functions it uses.

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
  hold
  attempt_step dpkg --configure -a || give_up "dpkg --configure -a"
  release
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
  if [ "$policy" = security ]; then set -- install --only-upgrade "$@"; else set -- upgrade; fi
  fetch apt_run --download-only --with-new-pkgs "$@"
  hold
  fact phase install
  apt_run --with-new-pkgs "$@" || give_up "apt-get $1"
}

patch_dnf() {
  dnf=dnf
  tool dnf || dnf=yum
  fact phase source
  attempt_step "$dnf" -y ${proxy:+"--setopt=proxy=$proxy"} makecache || give_up "$dnf makecache"
  if [ "$policy" = security ]; then set -- --security; else set --; fi
  attempt_step "$dnf" -q ${proxy:+"--setopt=proxy=$proxy"} check-update "$@"
  fact waiting "$(grep -c -E '^[^[:space:]]+\.[^[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+[^[:space:]]+' "$log.part")"
  fetch attempt_step "$dnf" -y ${proxy:+"--setopt=proxy=$proxy"} upgrade --downloadonly "$@"
  hold
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
  case $policy-$distribution in
    # Patches that want a reboot count as interactive, and would be left out.
    security-*) set -- patch --category security --with-interactive --auto-agree-with-licenses ;;
    *-opensuse-tumbleweed) set -- dist-upgrade --auto-agree-with-licenses ;;
    *) set -- update --auto-agree-with-licenses ;;
  esac
  fetch attempt_step zypper --non-interactive --no-color "$@" --download-only
  hold
  fact phase install
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
  # It fetches and installs one package after the other.
  hold
  fact phase install
  if [ "$policy" = security ]; then fact message "apk knows no security updates apart: all were installed"; fi
  attempt_step apk --no-progress --wait 120 upgrade || give_up "apk upgrade"
}
