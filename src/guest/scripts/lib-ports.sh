# Trying a port, and finding whom to blame. Works on the variables result, seen and hint of one check.

# Sets result, seen and hint for a TCP connection; result is fail when there is none.
check_port() { # HOST PORT
  connect "$1" "$2"
  resolve "$1"
  find_path "${address:-$1}"
  seen="${source:+$source -> }$1:$2"
  case $conn in
    open) seen="$seen: open"; return 0 ;;
    no-tool)
      result=skip seen="$seen: the guest has none of bash, curl, nc, python3 to try it with"
      return 0 ;;
    refused)
      seen="$seen: refused"
      hint="$1 answers; nothing listens on port $2, or a firewall rejects it" ;;
    timeout) seen="$seen: no answer in $limit s"; blame_path "$1" "$2" ;;
    no-route) seen="$seen: no route"; blame_route ;;
    unknown-host) seen="$seen: name not found"; blame_dns ;;
    *) seen="$seen: $words" hint="the connection failed" ;;
  esac
  result=fail
}

blame_path() { # HOST PORT
  if [ -n "$address" ] && answers "$address"; then
    hint="$1 answers ping; a firewall drops port $2"
  elif [ "$path" = known ] && [ -z "$via" ]; then
    hint="same network, no router in between: the host is off, or it drops port $2"
  elif [ "$gateway_state" = answers ]; then
    hint="gateway $gateway answers; a hop after it drops port $2"
  else
    hint="a hop on the way drops port $2"
  fi
}

blame_route() {
  if [ "$path" = known ] && [ -n "$via" ]; then
    hint="gateway $via knows no way there"
  elif [ "$path" = known ]; then
    hint="same network, and nobody there answers to this address"
  else
    hint="the guest has no route there: its gateway or its networks are wrong"
  fi
}

blame_dns() {
  server=$(name_servers | sed -n 1p)
  if [ -z "$server" ]; then
    hint="no name server: declare dns.servers, or let DHCP give one"
  elif answers "$server"; then
    hint="name server $server answers ping; it does not know the name, or port 53 is dropped"
  elif [ "$asked" = yes ]; then
    hint="name server $server does not answer"
  else
    hint="name server $server did not say"
  fi
}

plain_fingerprint() { # TEXT
  printf '%s' "${1##*=}" | tr -d ': \n' | tr 'A-F' 'a-f'
}

fingerprint_of() { # HOST PORT
  target=$1:$2
  case $1 in *:*) target=[$1]:$2 ;; esac
  if tool openssl; then
    within $((limit * 2)) "$tool" s_client -connect "$target" -servername "$1" 2>/dev/null |
      "$tool" x509 -noout -fingerprint -sha256 2>/dev/null
  elif tool python3; then
    within $((limit * 2)) "$tool" -c 'import hashlib,socket,ssl,sys
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
s = c.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2]))), server_hostname=sys.argv[1])
print(hashlib.sha256(s.getpeercert(True)).hexdigest())' "$1" "$2" 2>/dev/null
  else
    echo no-tool
  fi
}

# Sets url_host and url_port.
split_url() { # URL
  url_port=80
  case $1 in https://*) url_port=443 ;; esac
  url_host=${1#*://}
  url_host=${url_host%%/*}
  url_host=${url_host##*@}
  case $url_host in
    \[*\]:*) url_port=${url_host##*:} url_host=${url_host%:*} ;;
    \[*\]) ;;
    *:*) url_port=${url_host##*:} url_host=${url_host%:*} ;;
  esac
  url_host=${url_host#\[} url_host=${url_host%\]}
}

# The first URL of the package manager's own settings.
find_source() {
  cat "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"/*.list \
    "$root/etc/apt/sources.list.d"/*.sources "$root/etc/apt/mirrors"/* "$root/etc/apk/repositories" \
    "$root/etc/yum.repos.d"/*.repo "$root/etc/zypp/repos.d"/*.repo 2>/dev/null |
    sed -n '/^[[:space:]]*#/d; s#.*\(https\{0,1\}://[^][:space:]]*\).*#\1#p' | sed -n 1p
}
