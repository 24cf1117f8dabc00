# Arguments: KEY OFFSET (bytes of output that the caller has; `last`: only its end). Prints
#   status<TAB>absent|starting|running|ended|lost<TAB>EXIT<TAB>HOW<TAB>ELAPSED-MS<TAB>SIZE<TAB>NEXT-OFFSET
#   output<TAB>HEX, tail<TAB>HEX, result<TAB>HEX where there is any, and end

attempt_dir "$1"
print_attempt "$dir" "$2"
