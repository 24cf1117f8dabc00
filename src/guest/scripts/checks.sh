# All built-in checks in one call, in order, until one fails. Arguments: keywords with values:
#   within SECONDS · cores N · memory BYTES · disk BYTES · now EPOCH · gateway required|optional
#   name HOST (must be resolved) · maybe HOST (should be) · pve-api HOST PORT · repository NAME HOST PORT FINGERPRINT
#   source none|optional|required PROXY
# Prints: check<TAB>ID<TAB>pass|warn|fail|skip<TAB>MS<TAB>seen<TAB>hint, and end.

limit=5 cores=0 memory=0 disk=0 now=0 gateway_rule=optional names='' maybe='' pve_host='' pve_port=''
source_rule=none proxy='' stopped=no gateway_state=unknown

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      within) limit=$2; shift 2 ;;
      cores) cores=$2; shift 2 ;;
      memory) memory=$2; shift 2 ;;
      disk) disk=$2; shift 2 ;;
      now) now=$2; shift 2 ;;
      gateway) gateway_rule=$2; shift 2 ;;
      name) names="$names $2"; shift 2 ;;
      maybe) maybe="$maybe $2"; shift 2 ;;
      pve-api) pve_host=$2 pve_port=$3; shift 3 ;;
      repository) shift 5 ;;
      source) source_rule=$2 proxy=$3; shift 3 ;;
      *) die 64 "no such keyword: $1" ;;
    esac
  done
}

step() { # ID FUNCTION ARG...
  [ "$stopped" = no ] || return 0
  id=$1
  shift
  begin=$(now_ms)
  result=pass seen='' hint=''
  "$@"
  emit check "$id" "$result" $(($(now_ms) - begin)) "$seen" "$hint"
  if [ "$result" = fail ]; then stopped=yes; fi
}

gib() { # BYTES
  tenths=$(($1 * 10 / 1073741824))
  echo "$((tenths / 10)).$((tenths % 10)) GiB"
}

read_disk() {
  disk_total=0 disk_free=0
  tool df || return 1
  set -- $("$tool" -Pk "$root/" 2>/dev/null | tail -n 1)
  [ $# -ge 4 ] || return 1
  disk_total=$(($2 * 1024)) disk_free=$(($4 * 1024))
}

check_resources() {
  seen_cores=$(grep -c '^processor' "$proc/cpuinfo")
  seen_memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB.*/\1/p' "$proc/meminfo")
  seen_memory=$((${seen_memory:-0} * 1024))
  read_disk
  seen="$seen_cores vCPU, $(gib "$seen_memory"), $(gib "$disk_total") on /"
  # The kernel keeps some memory for itself, and so do tables and partitions of a disk.
  if [ "$seen_cores" -lt "$cores" ]; then
    result=fail hint="$cores vCPU are declared: the VM runs with older settings, or its kernel does not use them"
  elif [ "$seen_memory" -lt $((memory * 85 / 100 - 67108864)) ]; then
    result=fail hint="$(gib "$memory") are declared: the VM runs with older settings, or a balloon took memory"
  elif [ "$disk_total" -gt 0 ] && [ "$disk_total" -lt $((disk * 70 / 100)) ]; then
    result=warn hint="the disk has $(gib "$disk"): the image does not grow its root file system (cloud-init growpart)"
  fi
}

check_disk_space() {
  if ! read_disk; then
    result=skip seen="df does not tell"
    return 0
  fi
  seen="$(gib "$disk_free") free on /"
  mkdir -p "$state" 2>/dev/null
  if ! (: >"$state/.writable") 2>/dev/null; then
    result=fail seen="$state can't be written" hint="the file system is read-only or full"
  elif [ "$disk_free" -lt 268435456 ]; then
    result=fail hint="less than 0.25 GiB: make disk.size larger, or clean the image"
  elif [ "$disk_free" -lt 1073741824 ]; then
    result=warn hint="less than 1 GiB: updates may not fit"
  fi
  rm -f "$state/.writable" 2>/dev/null
}

check_clock() {
  tool date
  skew=$(($("${tool:-date}" +%s) - now))
  away=${skew#-}
  seen="$skew s from the cluster"
  hint="time service missing in the guest (chrony, systemd-timesyncd), or UDP port 123 is dropped"
  if [ "$away" -gt 300 ]; then
    result=fail
  elif [ "$away" -gt 10 ]; then
    result=warn
  else
    hint=''
  fi
}

check_gateway() {
  gateway_state=none
  if ! find_gateway; then
    seen="no default route"
    if [ "$gateway_rule" = required ]; then
      result=fail hint="DHCP gave no gateway, or the image did not take its network settings"
    else
      result=skip seen="none declared"
    fi
    return 0
  fi
  gateway_state=silent
  if answers "$gateway"; then
    gateway_state=answers seen="$gateway answers"
    return 0
  fi
  if tool ip && "$tool" neigh show "$gateway" 2>/dev/null | grep -i 'lladdr' | grep -q -v -e FAILED -e INCOMPLETE; then
    gateway_state=answers seen="$gateway answers ARP, not ping"
  elif [ "$asked" = no ]; then
    gateway_state=unknown result=skip seen="$gateway; the guest has no ping"
  else
    result=fail seen="$gateway does not answer"
    hint="wrong bridge or VLAN, a wrong address, or the gateway is down"
  fi
}

check_dns() {
  if [ -z "$names$maybe" ]; then
    result=skip seen="no names to resolve"
    return 0
  fi
  set -f
  resolve_all fail $names
  # Only checks that warn need these.
  if [ "$result" = pass ]; then resolve_all warn $maybe; fi
  set +f
}

# The first that is not found decides.
resolve_all() { # RESULT NAME...
  otherwise=$1
  shift
  for name in "$@"; do
    if resolve "$name"; then
      seen="$seen${seen:+, }$name is $address"
    else
      result=$otherwise
      seen="${seen:+$seen; }$name: not found"
      blame_dns
      return 0
    fi
  done
}

check_pve_api() {
  if [ -z "$pve_host" ]; then
    result=skip seen="no endpoint that a guest could reach"
    return 0
  fi
  check_port "$pve_host" "$pve_port"
  # Muster itself needs no way from the guest to the API; a command in the worker may.
  if [ "$result" = fail ]; then result=warn; fi
}

check_repository() { # HOST PORT FINGERPRINT
  check_port "$1" "$2"
  if [ "$result" != pass ] || [ -z "$3" ]; then return 0; fi
  want=$(plain_fingerprint "$3")
  found=$(plain_fingerprint "$(fingerprint_of "$1" "$2")")
  if [ "$found" = no-tool ]; then
    result=warn seen="$seen, certificate not compared" hint="the guest has neither openssl nor python3"
  elif [ -z "$found" ]; then
    result=fail seen="$seen, no TLS certificate" hint="something else listens on port $2, or TLS is broken"
  elif [ "$found" != "$want" ]; then
    result=fail seen="$seen, certificate $found"
    hint="fingerprint $want is declared: the certificate was renewed, or somebody else answers"
  else
    seen="$seen, certificate as declared"
  fi
}

check_source() {
  if [ "$source_rule" = none ]; then
    result=skip seen="patch.policy is none"
    return 0
  fi
  source_url=${proxy:-$(find_source)}
  case $source_url in
    http://* | https://*) ;;
    *) result=skip seen="no update source on the network is configured"; return 0 ;;
  esac
  split_url "$source_url"
  check_port "$url_host" "$url_port"
  if [ -n "$proxy" ]; then seen="proxy $seen"; fi
  if [ "$result" = fail ] && [ "$source_rule" != required ]; then result=warn; fi
}

check_repositories() {
  while [ $# -gt 0 ]; do
    case $1 in
      repository)
        step "repository:$2" check_repository "$3" "$4" "$5"
        shift 5
        ;;
      pve-api | source) shift 3 ;;
      *) shift 2 ;;
    esac
  done
}

read_arguments "$@"
step resources check_resources
step disk-space check_disk_space
step clock check_clock
step gateway check_gateway
step dns check_dns
step pve-api check_pve_api
check_repositories "$@"
step update-source check_source
emit end
