# What a power-off would break. No arguments.
# Prints: attempt<TAB>KEY for each that runs, packages<TAB>NAME for each package manager, fence<TAB>N

for dir in "$state/attempts"/*/; do
  dir=${dir%/}
  attempt_state "$dir"
  case $attempt in starting | running) ;; *) continue ;; esac
  emit attempt "${dir##*/}"
  # Between two of its steps no package manager runs.
  if [ -s "$dir/result" ]; then emit packages muster-patch; fi
done
for name in $(package_managers); do emit packages "$name"; done
highest=0
for file in "$state/fences"/*; do
  file=${file##*/}
  case $file in *[!0-9]*) continue ;; esac
  if [ "$file" -gt "$highest" ]; then highest=$file; fi
done
emit fence "$highest"
