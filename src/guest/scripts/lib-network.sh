# What a guest without bash, curl, getent or python can still find out about its network.

# Sets conn to open, refused, timeout, no-route, unknown-host, failed or no-tool.
connect() { # HOST PORT
  conn=no-tool
  for way in bash curl nc python3; do
    tool "$way" || continue
    # shellcheck disable=SC2016 # expanded by bash
    case $way in
      bash) words=$(within "$limit" "$tool" -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>&1) ;;
      curl) words=$(connect_curl "$1" "$2") ;;
      nc) words=$(connect_nc "$1" "$2") ;;
      python3) words=$(within "$limit" "$tool" -c 'import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).close()' "$1" "$2" 2>&1) ;;
    esac
    classify $? "$words"
    if [ "$conn" != no-tool ]; then return 0; fi
  done
}

# Only its chatter (-v) says whether a connection was refused.
connect_curl() { # HOST PORT
  case $1 in *:*) set -- "[$1]" "$2" ;; esac
  within $((limit + 1)) "$tool" -sSv --noproxy '*' --connect-timeout "$limit" "telnet://$1:$2" 2>&1
  curl_code=$?
  # 1 and 4: built without telnet. 49, 52, 56: it was connected.
  case $curl_code in
    1 | 2 | 4) return 125 ;;
    49 | 52 | 56) return 0 ;;
    *) return "$curl_code" ;;
  esac
}

# Three programs have this name, and not all of them know -z.
connect_nc() { # HOST PORT
  nc_words=$(within "$limit" "$tool" -v -z -w "$limit" "$1" "$2" 2>&1)
  nc_code=$?
  case $nc_words in
    *[Ii]nvalid\ option* | *[Uu]sage:* | *nrecognized\ option* | *nknown\ option*)
      nc_words=$(within "$limit" "$tool" -w "$limit" "$1" "$2" -e true 2>&1)
      nc_code=$?
      ;;
  esac
  printf '%s' "$nc_words"
  return "$nc_code"
}

classify() { # EXIT TEXT
  case $1 in
    0) conn=open; return 0 ;;
    124) conn=timeout; return 0 ;;
    125 | 126 | 127) conn=no-tool; return 0 ;;
  esac
  case $2 in
    *[Rr]efused*) conn=refused ;;
    *'o route'* | *nreachable*) conn=no-route ;;
    *'imed out'* | *TIMEOUT* | *'imeout'*) conn=timeout ;;
    *'not known'* | *'bad address'* | *resolv* | *resolution* | *'no address'* | *'o such host'*) conn=unknown-host ;;
    *) conn=failed ;;
  esac
}

is_address() { # HOST
  case $1 in
    *:*) return 0 ;;
    *[!0-9.]*) return 1 ;;
    *.*.*.*) return 0 ;;
  esac
  return 1
}

# The first address of a name, in $address; nothing when there is none.
resolve() { # NAME
  address=$1
  if is_address "$1"; then return 0; fi
  address=
  if tool getent; then
    address=$(within $((limit * 2)) "$tool" ahosts "$1" 2>/dev/null | sed -n '1s/[[:space:]].*//p')
  elif tool nslookup; then
    # Its first address is the name server's own.
    address=$(within $((limit * 2)) "$tool" "$1" 2>/dev/null |
      sed -n '/^Name/,$s/^Address[^:]*: *\([0-9A-Fa-f.:]*\).*/\1/p' | sed -n 1p)
  elif tool python3; then
    address=$(within $((limit * 2)) "$tool" -c 'import socket,sys; print(socket.getaddrinfo(sys.argv[1], None)[0][4][0])' "$1" 2>/dev/null)
  elif tool ping; then
    address=$(within "$limit" "$tool" -c 1 -W 1 "$1" 2>/dev/null | sed -n '1s/^[^(]*(\([0-9A-Fa-f.:]*\)).*/\1/p')
  fi
  [ -n "$address" ]
}

name_servers() {
  for servers_file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
    [ -f "$root$servers_file" ] || continue
    sed -n 's/^[[:space:]]*nameserver[[:space:]]*\([^[:space:]]*\).*/\1/p' "$root$servers_file"
    return 0
  done
}

# The default gateway in $gateway; nothing when there is none.
find_gateway() {
  gateway=
  if tool ip; then
    gateway=$("$tool" route show default 2>/dev/null | sed -n 's/^default via \([^ ]*\).*/\1/p' | sed -n 1p)
    [ -n "$gateway" ] ||
      gateway=$("$tool" -6 route show default 2>/dev/null | sed -n 's/^default via \([^ ]*\).*/\1/p' | sed -n 1p)
  fi
  if [ -z "$gateway" ] && [ -r "$proc/net/route" ]; then
    hex_gateway=$(awk '$2 == "00000000" && $3 != "00000000" { print $3; exit }' "$proc/net/route")
    [ -z "$hex_gateway" ] || gateway=$(printf '%d.%d.%d.%d' "0x${hex_gateway#??????}" \
      "0x$(echo "$hex_gateway" | cut -c5-6)" "0x$(echo "$hex_gateway" | cut -c3-4)" "0x$(echo "$hex_gateway" | cut -c1-2)")
  fi
  [ -n "$gateway" ]
}

# True when the address answers a ping, or when it can't be asked (then asked=no).
answers() { # ADDRESS
  asked=yes
  if ! tool ping; then asked=no; return 1; fi
  within 4 "$tool" -c 1 -W 2 "$1" >/dev/null 2>&1 || within 4 "$tool" -c 1 -W 2 "$1" >/dev/null 2>&1
}

# Sets source and via of the way to an address; empty where unknown, via empty when it is on the link.
find_path() { # ADDRESS
  source='' via='' path=unknown
  tool ip || return 0
  path_line=$("$tool" route get "$1" 2>/dev/null | sed -n 1p)
  [ -n "$path_line" ] || return 0
  path=known
  case $path_line in *' via '*) via=${path_line#* via } via=${via%% *} ;; esac
  case $path_line in *' src '*) source=${path_line#* src } source=${source%% *} ;; esac
}
