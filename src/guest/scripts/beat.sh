# Puts the dead-man timer off. Arguments: FENCE RUN. Prints: beat<TAB>milliseconds since boot

take_fence "$1" "$2"
now_ms | put_file "$run/beat" || die 73 "can't write to $run"
emit beat "$(cat "$run/beat")"
