const require = process.getBuiltinModule;
import{deadSessions,loseAttempts,runningIn}from"./chunk-R5ZQ4MTC.js";import{attemptKey,endAttempt,endWorker,finishSession,requireLive}from"./chunk-4EEGFS4L.js";import{foreignState,stateRemoved}from"./chunk-XBB6KPX3.js";import{eventMessage,sessionEventWords}from"./chunk-Z2TC4NQH.js";import{DEFAULT_PLAN_OPTIONS}from"./chunk-MQ3NILPY.js";import{DEFAULT_TIMEOUTS,attributesOf,bootDiskKey,cloudInitKey,diffAttributes,draftDelta,driveKeys,emptyState,firstChanges,identify,openDraft,parsePropertyString,planWorker,pruning,rankOf,readAttributes,readMarks,rowOf}from"./chunk-3I76FFX3.js";import{MAX_EXEC_INPUT,MAX_FILE_WRITE,WRITE_DEADLINE_MS,agentFailure,isPidUnknown,isVmMissing}from"./chunk-NVPBQFIO.js";import{clearDoing,forgetVm,forgetWorker,putWorker,recordDeclared,recordNodes,recordObserved,recordPatch,recordTest,recordUse,recordVm,renameWorker,reserveVmid,setDoing,setDoingError,setUpid,vmidOwner}from"./chunk-TIEI7Z74.js";import{BEAT_EVERY_MS,RUN_TTL_MS,UNCHANGED_MS,beat,deadByPid,describeRun,dropExpiredRuns,endRun,isExpired,lookup,registerRun,releaseLeases,requireRun,takeLeases}from"./chunk-ZYDC35EF.js";import{pidKnowledge,readProcessFacts}from"./chunk-EWCVQXDT.js";import{canonicalIp,ipVersion}from"./chunk-4HKIPTWA.js";import{digestOf,sha256}from"./chunk-NYLVAHUK.js";import{BY_STRENGTH,strongest}from"./chunk-FC7ULCAB.js";import{clip,padEnd,padStart,widthOf,wrap}from"./chunk-JUCS6SAP.js";import{elapsed}from"./chunk-RDBOODGG.js";import{jsonLine}from"./chunk-2IBUSJO4.js";import{assertNever}from"./chunk-6WRC4M7N.js";import{ExecLost,Fenced,GuestError,PveError,StateMoved,StepFailed,TaskFailed,TaskTimeout,VmidTaken,WaitTimeout}from"./chunk-4VZNA6CQ.js";import{byCodeUnit,sameJson}from"./chunk-PSS7WRS7.js";import{escapeTerminal}from"./chunk-SZN4MUV5.js";import{formatDuration,formatSize}from"./chunk-W4TO6OOO.js";import{DiagnosticsError,problem}from"./chunk-OGYV3SEK.js";function workerDigest({desired,actions,uuid,vmid,changes}){return digestOf({spec:desired?.spec??null,actions,uuid:uuid??null,vmid:vmid??null,changes:changes.map(({path,before,after,cost})=>({path,before,after,cost}))})}function confirm(planned,state,inventory){let record=recordOf(planned,state);if(planned.actions.includes("forget")&&record===void 0)return{kind:"done"};if(isOrphan(planned)&&record===void 0)return confirmOrphan(planned,state,inventory);let fresh=planAgain(planned,record,state,inventory);if(isRestOf(planned,record))return confirmRest(planned,record,fresh);let differences=differencesOf(planned,fresh);return differences.length>0?{kind:"stale",differences}:fresh.actions.length===0&&fresh.changes.length===0?{kind:"done"}:{kind:"run",worker:remaining(planned,fresh)}}function isOrphan({desired,reasons}){return desired===void 0&&reasons.includes("orphan")}function confirmOrphan(planned,state,inventory){let{vmid,worker}=planned;if(lookup(inventory.vms,String(vmid))===void 0)return lookup(inventory.absent,String(vmid))==="gone"?{kind:"done"}:{kind:"stale",differences:[`vm ${vmid} can't be seen any more`]};let{strangers}=identify(state,likeOurs(planned,void 0,inventory)),found=strangers.find(({vm,kind})=>vm.vmid===vmid&&kind==="ours");if(found===void 0)return{kind:"stale",differences:[`vm ${vmid} is not an orphan of this project any more`]};let fresh=pruning(found,worker),differences=differencesOf(planned,fresh);return differences.length>0?{kind:"stale",differences}:{kind:"run",worker:remaining(planned,fresh)}}function recordOf({worker,from},state){return lookup(state.workers,worker)??(from===void 0?void 0:lookup(state.workers,from))}function isRestOf(planned,record){let doing=record?.doing;return doing===void 0||doing.plan!==workerDigest(planned)?!1:planned.uuid===void 0||doing.uuid===planned.uuid||record?.vm===void 0}function confirmRest(planned,record,fresh){let isSwitchedOn=!(record?.doing?.action==="test")&&fresh.actions.includes("shutdown")&&!planned.actions.includes("shutdown"),differences=[...heldDifferences(fresh),...isSwitchedOn?["shutdown would be needed now, and was not planned"]:[],...fresh.uuid===planned.uuid?volumeDifferences(planned,fresh):[]];return differences.length>0?{kind:"stale",differences}:{kind:"run",worker:planned}}function planAgain(planned,record,state,inventory){let{worker,desired,actions}=planned,renamed=planned.from!==void 0&&lookup(state.workers,worker)===void 0,current={name:worker,...desired===void 0?{}:{desired},...record===void 0?{}:{record:withoutLease(record)},...renamed&&planned.from!==void 0?{from:planned.from}:{},removed:planned.reasons.includes("removed"),imageMustWait:!planned.changes.some(({path,cost})=>path==="image"&&cost==="rebuild")},options={...DEFAULT_PLAN_OPTIONS,test:actions.includes("test"),destroy:desired!==void 0&&actions.includes("destroy"),replace:actions.includes("replace")?[worker]:[],force:[worker]},identities=identify(state,likeOurs(planned,record,inventory));return planWorker(current,{state,inventory,options,identities}).plan}function withoutLease({lease:_,...record}){return record}function likeOurs(planned,record,inventory){let refs=[planned,record?.vm,record?.doing],uuids=refs.map(ref=>ref?.uuid).filter(uuid=>uuid!==void 0),ids=refs.map(ref=>ref?.vmid).filter(vmid=>vmid!==void 0),own=new Set(ids.map(String)),configs=Object.entries(inventory.configs).filter(([vmid,{values}])=>own.has(vmid)||uuids.some(uuid=>values.smbios1?.toLowerCase().includes(uuid)===!0));return{...inventory,configs:Object.fromEntries(configs)}}function differencesOf(planned,fresh){return[...heldDifferences(fresh),...identityDifferences(planned,fresh),...actionDifferences(planned,fresh),...changeDifferences(planned,fresh),...volumeDifferences(planned,fresh)]}function heldDifferences({held}){return held===void 0?[]:[`it is held now: ${held.why}, ${held.by}`]}function volumeDifferences(planned,fresh){return fresh.frees.filter(volume=>!planned.frees.includes(volume)).map(volume=>`the volume ${volume} would be deleted too`)}function identityDifferences(planned,fresh){return planned.uuid===void 0||fresh.uuid===void 0||planned.uuid===fresh.uuid?[]:[`its VM was ${planned.uuid} when this was planned and is ${fresh.uuid} now`]}function actionDifferences(planned,fresh){return asked(planned,fresh).filter(action=>!planned.actions.includes(action)).map(action=>`${action} would be needed now, and was not planned`)}function asked(planned,fresh){return planned.actions.every(action=>action==="shutdown")?fresh.actions.filter(action=>action==="shutdown"):fresh.actions}function changeDifferences(planned,fresh){return planned.actions.every(action=>action==="shutdown"||action==="destroy")?[]:fresh.changes.flatMap(change=>{let before=planned.changes.find(({path})=>path===change.path);return before!==void 0&&sameJson(before.before,change.before)&&sameJson(before.after,change.after)?[]:change.cost==="record"?[]:[differenceText(change,before,fresh)]})}function differenceText(change,before,fresh){let vm=fresh.vmid===void 0?"":` (vm ${fresh.vmid})`,was=before===void 0?change.after:before.before;return`${change.path} was ${text(was)} when this was planned and is ${text(change.before)} now${vm}`}function text(value){return value===null?"unset":typeof value=="number"&&value>=2**20?formatSize(value):typeof value=="string"?value:JSON.stringify(value)}function remaining(planned,fresh){let needed=asked(planned,fresh),actions=planned.actions.filter(action=>needed.includes(action)||action==="rename"&&planned.from!==void 0),{held:_,...rest}=fresh,vmid=fresh.vmid??planned.vmid;return{...rest,...vmid===void 0?{}:{vmid},...planned.from===void 0?{}:{from:planned.from},actions,reasons:planned.reasons}}var StillWorking=class extends Error{constructor(worker,what){super(`${what.join(", ")} still ${what.length===1?"runs":"run"} in ${worker}`),this.name="StillWorking"}},Interrupted=class extends Error{constructor(){super("interrupted before the next step"),this.name="Interrupted"}};function sinceStart(ctx){return ctx.ports.clock.monotonic()-ctx.startedAt}function clusterNow({ports}){return Math.round(ports.pve.clusterTime()??ports.clock.now())}function tellProgress(ctx,step2,message,extra={}){let{worker,action}=ctx,at=sinceStart(ctx);ctx.ports.log.emit({kind:"progress",at,worker:worker.worker,action,step:step2,message,...extra})}function tellDone(ctx,step2,message,extra={}){let{worker,action}=ctx,at=sinceStart(ctx);ctx.ports.log.emit({kind:"step-done",at,worker:worker.worker,action,step:step2,message,...extra})}function tellWarning(ctx,message){ctx.ports.log.emit({kind:"warning",at:sinceStart(ctx),worker:ctx.worker.worker,message})}function recordOf2(ctx){return lookup(ctx.ports.ledger.current().workers,ctx.worker.worker)}function changeState(ctx,change){return ctx.ports.ledger.commit(state=>change(state,ctx.worker.worker))}function changeRecord(ctx,change){return changeState(ctx,(state,worker)=>lookup(state.workers,worker)===void 0?state:change(state,worker))}function timeoutsOf(ctx){return ctx.worker.desired?.spec.timeouts??recordOf2(ctx)?.declared.timeouts??DEFAULT_TIMEOUTS}function stopWhenClosing(ctx){if(ctx.interrupts.second.aborted)throw new Interrupted}function outputLines(text2){return text2.slice(0,4e6).split(`
`,1e4).filter(line=>line!=="").map(line=>line.split("	").map(cleanField))}function cleanField(text2){return text2.replace(/[\u0000-\u001f\u007f-\u009f]/g,"").slice(0,500)}function wholeNumber(text2){return text2!==void 0&&/^\d{1,15}$/.test(text2)?Number(text2):void 0}var SCRIPTS={activity:`# What a power-off would break. No arguments.
# Prints: attempt<TAB>KEY for each that runs, packages<TAB>NAME for each package manager, fence<TAB>N

for dir in "$state/attempts"/*/; do
  dir=\${dir%/}
  attempt_state "$dir"
  case $attempt in starting | running) emit attempt "\${dir##*/}" ;; esac
done
for name in $(package_managers); do emit packages "$name"; done
highest=0
for file in "$state/fences"/*; do
  file=\${file##*/}
  case $file in *[!0-9]*) continue ;; esac
  if [ "$file" -gt "$highest" ]; then highest=$file; fi
done
emit fence "$highest"
`,beat:`# Puts the dead-man timer off. Arguments: FENCE RUN. Prints: beat<TAB>milliseconds since boot

take_fence "$1" "$2"
now_ms | put_file "$run/beat" || die 73 "can't write to $run"
emit beat "$(cat "$run/beat")"
`,check:`# Runs one declared check. Arguments: SECONDS PROGRAM ARG...
# Prints: check<TAB>EXIT<TAB>exit|timeout<TAB>last line of its output

mkdir -p "$run" || die 73 "can't write to $run"
status_file=$run/check.$$
limit=$1
shift
last=$(
  {
    # A program of the user's own: nothing of our locale and umask.
    unset LC_ALL
    umask 022
    within "$limit" "$@" 2>&1
    echo $? >"$status_file"
  } | tail -c 4096 | tr -d '\\000' | grep -v '^[[:space:]]*$' | tail -n 1
)
read -r code <"$status_file"
rm -f "$status_file"
how=exit
if [ "$code" = 124 ]; then
  how=timeout
  # The shell's word for what was done to it.
  case $last in Killed* | Terminated*) last='' ;; esac
fi
emit check "$code" "$how" "$last"
`,checks:`# All built-in checks in one call, in order, until one fails. Arguments: keywords with values:
#   within SECONDS \xB7 cores N \xB7 memory BYTES \xB7 disk BYTES \xB7 now EPOCH \xB7 gateway required|optional
#   name HOST (to resolve) \xB7 pve-api HOST PORT \xB7 repository NAME HOST PORT FINGERPRINT
#   source none|optional|required PROXY
# Prints: check<TAB>ID<TAB>pass|warn|fail|skip<TAB>MS<TAB>seen<TAB>hint, and end.

limit=5 cores=0 memory=0 disk=0 now=0 gateway_rule=optional names='' pve_host='' pve_port=''
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
  seen_memory=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB.*/\\1/p' "$proc/meminfo")
  seen_memory=$((\${seen_memory:-0} * 1024))
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
  skew=$(($("\${tool:-date}" +%s) - now))
  away=\${skew#-}
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
  if [ -z "$names" ]; then
    result=skip seen="no names to resolve"
    return 0
  fi
  set -f
  for name in $names; do
    if resolve "$name"; then
      seen="$seen\${seen:+, }$name is $address"
    else
      result=fail seen="$name: not found"
      blame_dns
      break
    fi
  done
  set +f
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
  source_url=\${proxy:-$(find_source)}
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
`,deadman:`# Powers the guest off when no beat came for the time in $run/limit (seconds), unless an attempt or a
# package manager is at work. Started by launch; ends with the guest.

limit=1800

pause() {
  sleep "$((limit > 600 ? 60 : limit / 10 > 0 ? limit / 10 : 1))"
}

overdue() {
  read -r limit <"$run/limit" && read -r beat <"$run/beat" || return 1
  case $limit$beat in *[!0-9]*) return 1 ;; esac
  [ $(($(now_ms) - beat)) -ge $((limit * 1000)) ]
}

busy() {
  for busy_dir in "$state/attempts"/*/; do
    attempt_state "\${busy_dir%/}"
    case $attempt in starting | running) return 0 ;; esac
  done
  [ -n "$(package_managers)" ]
}

power_off() {
  for word in systemctl poweroff halt; do
    tool "$word" || continue
    case $word in
      systemctl) "$tool" poweroff && return 0 ;;
      halt) "$tool" -p && return 0 ;;
      *) "$tool" && return 0 ;;
    esac
  done
}

printf '%s %s\\n' "$$" "$(start_of "$$")" | put_file "$run/deadman.pid"
while :; do
  if overdue && ! busy; then power_off; fi
  pause
done
`,files:`# Compares and installs declared files. Arguments: FENCE RUN, then
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
    [ "\${found%% *}" = "$2" ]
  else
    found=$(cksum <"$1" 2>/dev/null)
    [ "\${found% }" = "$3" ]
  fi
}

install_file() { # SHA256 CKSUM MODE PATH PARTS
  path=$root$4
  case $4 in /*) ;; *) why="not an absolute path"; return 1 ;; esac
  if [ -d "$path" ]; then why="it is a directory"; return 1; fi
  why=$( (umask 022 && mkdir -p "\${path%/*}") 2>&1) || return 1
  temp=\${path%/*}/.muster.$$
  part=0
  : >"$temp" || { why="can't write there"; return 1; }
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
        rm -f "\${temp:-/nonexistent}"
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
`,launch:`# Takes the guest over for a run and arms the dead-man timer.
# Arguments: FENCE RUN SECONDS WORKER TEXT-OF-DEADMAN. Prints: armed<TAB>systemd|process|already

take_fence "$1" "$2"
seconds=$3 worker=$4 text=$5

mkdir -p "$state/stage" "$state/attempts" "$run/env" || die 73 "can't write to $state"
now_ms | put_file "$run/beat" || die 73 "can't write to $run"
printf '%s\\n' "$seconds" | put_file "$run/limit"
printf '%s\\n%s\\n' "$worker" "$2" | put_file "$run/launch"

# Old output goes; that the attempt was, and how it ended, stays for ever.
for old in "$state/attempts"/*/exit; do
  if [ -n "$(find "$old" -mtime +7 2>/dev/null)" ]; then
    old=\${old%/exit}
    rm -f "$old/out" "$old/tail" "$old/argv" "$old/runner" "$old/log" "$old/log.part" "$old/before" "$old/after"
  fi
done

armed() {
  [ -s "$run/deadman.pid" ] || return 1
  read -r deadman_pid deadman_start <"$run/deadman.pid"
  alive "$deadman_pid" "$deadman_start"
}

wait_armed() {
  tries=50
  until armed; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    nap
  done
}

if armed; then
  emit armed already
  exit 0
fi
printf '%s\\n' "$text" | put_file "$run/deadman.sh"
# Only a unit of its own outlives a restart of the agent where systemd is in charge.
if [ -d "$root/run/systemd/system" ] && tool systemd-run &&
  "$tool" --quiet --collect --unit=muster-deadman /bin/sh "$run/deadman.sh" >/dev/null 2>&1 </dev/null &&
  wait_armed; then
  emit armed systemd
  exit 0
fi
setsid sh "$run/deadman.sh" </dev/null >/dev/null 2>&1 &
wait_armed || die 70 "the dead-man timer did not start"
emit armed process
`,"lib-attempts":`# Attempts: $state/attempts/KEY holds claim, argv, limits, runner, pid, group, out, tail, result, stop, exit.

attempt_dir() { # KEY
  case $1 in '' | .* | *[!A-Za-z0-9._-]*) die 64 "'$1' is not a key" ;; esac
  dir=$state/attempts/$1
}

# Sets attempt to absent, starting, running, ended or lost, and code, how, elapsed.
attempt_state() { # DIR
  attempt=absent code= how= elapsed=0
  [ -s "$1/claim" ] || return 0
  if attempt_ended "$1"; then return 0; fi
  attempt_boot=$(boot_id)
  if [ ! -s "$1/pid" ]; then
    read -r claim_at claim_boot <"$1/claim"
    attempt=starting
    if [ "$claim_boot" = "$attempt_boot" ] && [ $(($(now_ms) - claim_at)) -lt 30000 ]; then return 0; fi
    # Takes the place of a runner that did not come; should it still come, it finds it taken.
    printf '0 0 none 0\\n' >"$1/never.$$"
    ln "$1/never.$$" "$1/pid" 2>/dev/null
    rm -f "$1/never.$$"
  fi
  read -r attempt_pid attempt_start pid_boot attempt_begin <"$1/pid"
  if [ "$pid_boot" = "$attempt_boot" ]; then
    elapsed=$(($(now_ms) - attempt_begin))
    attempt=running
    if alive "$attempt_pid" "$attempt_start"; then return 0; fi
    if attempt_ended "$1"; then return 0; fi
    if group_alive "$1"; then return 0; fi
  fi
  attempt=lost elapsed=0
  rm -f "$run/env/\${1##*/}"
}

attempt_ended() { # DIR
  [ -s "$1/exit" ] || return 1
  read -r code how elapsed <"$1/exit"
  attempt=ended
}

# True while a process of the attempt's group lives, its supervisor being dead.
group_alive() { # DIR
  group_pid= group_start=
  [ -s "$1/group" ] && read -r group_pid group_start <"$1/group"
  [ -n "$group_pid" ] || return 1
  alive "$group_pid" "$group_start" && return 0
  # A group outlives its leader; a leader with another start time is another group.
  [ ! -d "/proc/$group_pid" ] && kill -0 "-$group_pid" 2>/dev/null
}

size_of() { # FILE
  [ -f "$1" ] || { echo 0; return 0; }
  set -- $(ls -ln "$1")
  echo "$5"
}

# Bytes as hexadecimal digits: the only way in which any byte survives the way out.
hex() {
  od -An -v -tx1 | tr -d ' \\n'
}

# What a caller sees of an attempt, with its output from OFFSET (or \`last\`: its end).
print_attempt() { # DIR OFFSET
  attempt_state "$1"
  size=$(size_of "$1/out")
  case $2 in
    last) offset=$((size > 4096 ? size - 4096 : 0)) ;;
    '' | *[!0-9]*) die 64 "offset '$2' is not a number" ;;
    *) offset=$(($2 < size ? $2 : size)) ;;
  esac
  next=$((size - offset > 32768 ? offset + 32768 : size))
  emit status "$attempt" "$code" "$how" "$elapsed" "$size" "$next"
  if [ "$next" -gt "$offset" ]; then
    printf 'output\\t%s\\n' "$(tail -c "+$((offset + 1))" "$1/out" | head -c $((next - offset)) | hex)"
  fi
  [ -s "$1/tail" ] && printf 'tail\\t%s\\n' "$(tail -c 4096 "$1/tail" | hex)"
  [ -s "$1/result" ] && printf 'result\\t%s\\n' "$(head -c 262144 "$1/result" | hex)"
  printf 'end\\n'
}
`,"lib-network":`# What a guest without bash, curl, getent or python can still find out about its network.

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
    *[Ii]nvalid\\ option* | *[Uu]sage:* | *nrecognized\\ option* | *nknown\\ option*)
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
      sed -n '/^Name/,$s/^Address[^:]*: *\\([0-9A-Fa-f.:]*\\).*/\\1/p' | sed -n 1p)
  elif tool python3; then
    address=$(within $((limit * 2)) "$tool" -c 'import socket,sys; print(socket.getaddrinfo(sys.argv[1], None)[0][4][0])' "$1" 2>/dev/null)
  elif tool ping; then
    address=$(within "$limit" "$tool" -c 1 -W 1 "$1" 2>/dev/null | sed -n '1s/^[^(]*(\\([0-9A-Fa-f.:]*\\)).*/\\1/p')
  fi
  [ -n "$address" ]
}

name_servers() {
  for servers_file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do
    [ -f "$root$servers_file" ] || continue
    sed -n 's/^[[:space:]]*nameserver[[:space:]]*\\([^[:space:]]*\\).*/\\1/p' "$root$servers_file"
    return 0
  done
}

# The default gateway in $gateway; nothing when there is none.
find_gateway() {
  gateway=
  if tool ip; then
    gateway=$("$tool" route show default 2>/dev/null | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | sed -n 1p)
    [ -n "$gateway" ] ||
      gateway=$("$tool" -6 route show default 2>/dev/null | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | sed -n 1p)
  fi
  if [ -z "$gateway" ] && [ -r "$proc/net/route" ]; then
    hex_gateway=$(awk '$2 == "00000000" && $3 != "00000000" { print $3; exit }' "$proc/net/route")
    [ -z "$hex_gateway" ] || gateway=$(printf '%d.%d.%d.%d' "0x\${hex_gateway#??????}" \\
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
  case $path_line in *' via '*) via=\${path_line#* via } via=\${via%% *} ;; esac
  case $path_line in *' src '*) source=\${path_line#* src } source=\${source%% *} ;; esac
}
`,"lib-packages":`# Prints the names of package managers at work, one a line. Daemons that only wait
# (unattended-upgrade-shutdown, packagekitd) are told from work by the lock that work holds.
package_managers() {
  {
    for holder_file in "$proc"/[0-9]*/comm; do
      holder_name=
      read -r holder_name 2>/dev/null <"$holder_file" || continue
      case $holder_name in
        apt | apt-get | aptitude | dpkg | dnf | dnf5 | microdnf | yum | rpm | zypper | apk)
          printf '%s\\n' "$holder_name" ;;
      esac
    done
    for holder_file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock; do
      holder_inode=$(ls -i "$root$holder_file" 2>/dev/null) || continue
      holder_inode=\${holder_inode#"\${holder_inode%%[! ]*}"}
      if grep -q ":\${holder_inode%% *} " "$proc/locks" 2>/dev/null; then echo dpkg; fi
    done
  } | sort -u
}
`,"lib-ports":`# Trying a port, and finding whom to blame. Works on the variables result, seen and hint of one check.

# Sets result, seen and hint for a TCP connection; result is fail when there is none.
check_port() { # HOST PORT
  connect "$1" "$2"
  resolve "$1"
  find_path "\${address:-$1}"
  seen="\${source:+$source -> }$1:$2"
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
  printf '%s' "\${1##*=}" | tr -d ': \\n' | tr 'A-F' 'a-f'
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
  url_host=\${1#*://}
  url_host=\${url_host%%/*}
  url_host=\${url_host##*@}
  case $url_host in
    \\[*\\]:*) url_port=\${url_host##*:} url_host=\${url_host%:*} ;;
    \\[*\\]) ;;
    *:*) url_port=\${url_host##*:} url_host=\${url_host%:*} ;;
  esac
  url_host=\${url_host#\\[} url_host=\${url_host%\\]}
}

# The first URL of the package manager's own settings.
find_source() {
  cat "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"/*.list \\
    "$root/etc/apt/sources.list.d"/*.sources "$root/etc/apk/repositories" \\
    "$root/etc/yum.repos.d"/*.repo "$root/etc/zypp/repos.d"/*.repo 2>/dev/null |
    sed -n '/^[[:space:]]*#/d; s#.*\\(https\\{0,1\\}://[^][:space:]]*\\).*#\\1#p' | sed -n 1p
}
`,patch:`# Installs system updates. Runs as an attempt; its output is the package manager's own.
# Arguments: all|security PROXY SECONDS to wait for another package manager.
# Writes to $MUSTER_ATTEMPT/result, as key<TAB>value:
#   manager apt|dnf|zypper|apk \xB7 phase lock|source|install|done \xB7 holder NAME \xB7 waiting COUNT
#   package NAME OLD NEW \xB7 reboot yes|no \xB7 outcome patched|unreachable|failed \xB7 message TEXT

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
  grep -q -i -e 'failed to fetch' -e 'could not resolve' -e "couldn't resolve" -e 'could not connect' \\
    -e 'cannot initiate the connection' -e 'connection timed out' -e 'connection failed' -e 'network is unreachable' \\
    -e 'failed to download' -e 'all mirrors were tried' -e 'curl error' -e 'temporary error' -e 'network error' \\
    -e 'download (curl) error' -e 'failed to retrieve new repository metadata' -e 'unable to connect' \\
    -e 'cannot download' -e 'valid metadata not found' -e 'error opening http' -e 'host is unreachable' "$log"
}

give_up() { # WHAT
  if source_failed; then conclude unreachable "$(last_line)"; fi
  conclude failed "$1: $(last_line)"
}

wait_for_lock() {
  lock_until=$(($(now_ms) + patience * 1000))
  lock_told=''
  while :; do
    lock_holder=$(package_managers | tr '\\n' ' ')
    lock_holder=\${lock_holder% }
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
    apt) real dpkg-query -W -f '\${db:Status-Abbrev}\\t\${Package}\\t\${Version}\\n' | sed -n 's/^ii *\\t//p' ;;
    dnf | zypper) real rpm -qa --qf '%{NAME}\\t%{VERSION}-%{RELEASE}\\n' ;;
    apk) real apk info -v 2>/dev/null | sed -n 's/^\\(.*\\)-\\([^-]*-r[0-9]*\\)$/\\1\\t\\2/p' ;;
  esac | sort
}

# What is there now and was not before, with the version it replaced.
list_changes() {
  installed >"$MUSTER_ATTEMPT/after"
  awk -F '\\t' 'NR == FNR { seen[$0] = 1; if (!($1 in old)) old[$1] = $2; next }
    !($0 in seen) { print "package\\t" $1 "\\t" (($1 in old) ? old[$1] : "-") "\\t" $2 }' \\
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
  [ -z "$proxy" ] || printf '%s\\n' "-oAcquire::http::Proxy=$proxy" "-oAcquire::https::Proxy=$proxy"
}

apt_run() { # ARG...
  set -f
  # shellcheck disable=SC2046 # options hold no spaces
  attempt_step apt-get -q -y $(apt_proxy_options) -oDPkg::Lock::Timeout=120 -oAcquire::Retries=2 \\
    -oAcquire::http::Timeout=20 -oDpkg::Options::=--force-confdef -oDpkg::Options::=--force-confold "$@"
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
  waiting=$(grep "$pattern" "$log.part" | sed 's/^Inst \\([^ ]*\\).*/\\1/')
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
  attempt_step "$dnf" -y \${proxy:+"--setopt=proxy=$proxy"} makecache || give_up "$dnf makecache"
  attempt_step "$dnf" -q \${proxy:+"--setopt=proxy=$proxy"} check-update
  fact waiting "$(grep -c -E '^[^[:space:]]+\\.[^[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+[^[:space:]]+' "$log.part")"
  fact phase install
  if [ "$policy" = security ]; then set -- --security; else set --; fi
  attempt_step "$dnf" -y \${proxy:+"--setopt=proxy=$proxy"} upgrade "$@" || give_up "$dnf upgrade"
  if tool needs-restarting; then
    "$tool" -r >/dev/null 2>&1 </dev/null
    [ $? -ne 1 ] || needs_reboot=yes
  fi
}

patch_zypper() {
  ZYPP_LOCK_TIMEOUT=120
  export ZYPP_LOCK_TIMEOUT
  fact phase source
  attempt_step zypper --non-interactive --no-color refresh || give_up "zypper refresh"
  fact phase install
  case $policy-$distribution in
    security-*) set -- patch --category security --auto-agree-with-licenses ;;
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
  distribution=$(sed -n 's/^ID=//p' "$root/etc/os-release" 2>/dev/null | tr -d "\\"'" | sed -n 1p)
  family="$distribution $(sed -n 's/^ID_LIKE=//p' "$root/etc/os-release" 2>/dev/null | tr -d "\\"'")"
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
`,prelude:`# Head of every script that runs in a guest: POSIX sh, for dash, bash and busybox alike.
# MUSTER_ROOT, MUSTER_PROC and MUSTER_PATH put a directory in the place of /, /proc and PATH; the
# agent sets none of them.

set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=\${MUSTER_PATH:-\${PATH:-}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
root=\${MUSTER_ROOT:-}
proc=\${MUSTER_PROC:-/proc}
state=$root/var/lib/muster
run=$root/run/muster
tab=$(printf '\\t')

die() { # CODE TEXT
  printf '%s\\n' "$2" >&2
  exit "$1"
}

# The program's path in $tool. A shell's own applets are no answer: busybox would run its own
# poweroff where another one is meant.
tool() { # NAME
  tool=
  tool_ifs=$IFS
  IFS=:
  for tool_dir in $PATH; do
    if [ -f "$tool_dir/$1" ] && [ -x "$tool_dir/$1" ]; then
      tool=$tool_dir/$1
      break
    fi
  done
  IFS=$tool_ifs
  [ -n "$tool" ]
}

# One line of tab-separated fields; what could break the line is taken out of them.
emit() { # FIELD...
  emit_line=
  for emit_field in "$@"; do
    case $emit_field in
      *[!\\ -~]*)
        emit_field=$(printf '%s' "$emit_field" | tr '\\t\\r\\n' '   ' | tr -d '\\000-\\037\\177') ;;
    esac
    if [ "\${#emit_field}" -gt 400 ]; then
      emit_field=$(printf '%s' "$emit_field" | cut -b1-400)
    fi
    emit_line=$emit_line\${emit_line:+$tab}$emit_field
  done
  printf '%s\\n' "$emit_line"
}

# Milliseconds since boot: no clock that somebody may set.
now_ms() {
  read -r now_up now_rest </proc/uptime
  echo $((\${now_up%.*} * 1000 + 1\${now_up#*.} * 10 - 1000))
}

boot_id() {
  cat /proc/sys/kernel/random/boot_id
}

# Start time of a process, which together with its id and the boot id names it for ever; nothing when
# there is none, or only its remains.
start_of() { # PID
  start_stat=
  read -r start_stat 2>/dev/null <"/proc/$1/stat" || return 0
  # The name in parentheses may hold anything, so count from its end.
  set -- \${start_stat##*)}
  [ $# -ge 20 ] || return 0
  case $1 in Z | X) return 0 ;; esac
  shift 19
  echo "$1"
}

alive() { # PID START
  [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]
}

nap() {
  sleep 0.1 2>/dev/null || sleep 1
}

# At most SECONDS for a program; 124 when it took longer.
within() { # SECONDS PROGRAM ARG...
  if command -v timeout >/dev/null; then
    timeout -s KILL "$@" </dev/null
    within_code=$?
    case $within_code in 137 | 143) within_code=124 ;; esac
    return "$within_code"
  fi
  within_left=$(($1 * 10))
  shift
  "$@" </dev/null &
  within_pid=$!
  within_start=$(start_of "$within_pid")
  while alive "$within_pid" "$within_start"; do
    if [ "$within_left" -le 0 ]; then
      kill -KILL "$within_pid" 2>/dev/null
      wait "$within_pid" 2>/dev/null
      return 124
    fi
    within_left=$((within_left - 1))
    nap
  done
  wait "$within_pid"
}

# Complete or not at all; content on standard input.
put_file() { # PATH
  cat >"$1.$$" && mv -f "$1.$$" "$1"
}

# Refuses a fence lower than the highest seen. Each fence is a file of its own, so that two callers
# at once can't lower it.
take_fence() { # FENCE RUN
  case $1 in '' | *[!0-9]*) die 64 "fence '$1' is not a number" ;; esac
  mkdir -p "$state/fences" "$run" 2>/dev/null || die 73 "can't write to $state"
  printf '%s\\n' "$2" >"$state/fences/$1" || die 73 "can't write to $state"
  for fence_file in "$state/fences"/*; do
    fence_seen=\${fence_file##*/}
    if [ "$fence_seen" -gt "$1" ]; then
      fence_run=
      read -r fence_run 2>/dev/null <"$fence_file"
      rm -f "$state/fences/$1"
      die 75 "fence $1 is lower than fence $fence_seen of run $fence_run"
    fi
    [ "$fence_seen" -eq "$1" ] || rm -f "$fence_file"
  done
}
`,ready:`# Has cloud-init finished? Arguments: SECONDS to wait for it at most.
# Prints: cloud-init<TAB>absent|disabled|done|error|running<TAB>detail

left=$(($1 * 2))

cloud_init_state() {
  answer=running detail=
  if ! tool cloud-init; then
    answer=absent
  elif [ -e "$root/etc/cloud/cloud-init.disabled" ] || [ -e "$root/run/cloud-init/disabled" ]; then
    answer=disabled
  elif [ -s "$root/run/cloud-init/result.json" ]; then
    result=$(tr -d '\\n' <"$root/run/cloud-init/result.json" | cut -b1-2000)
    case $result in
      *'"errors": []'*) answer=done ;;
      *) answer=error detail=\${result#*'"errors": '} ;;
    esac
  elif [ ! -d "$root/run/cloud-init" ]; then
    ask_cloud_init
  fi
}

# No trace of it in this boot: it may be installed and not be part of the boot.
ask_cloud_init() {
  status=$(within 20 "$tool" status 2>/dev/null)
  case $status in
    *'status: done'* | *'status: degraded'*) answer=done ;;
    *'status: error'*) answer=error detail=$status ;;
    *'status: disabled'*) answer=disabled ;;
    *'not run'* | *'not started'*)
      detail=$status
      if [ "$(now_ms)" -gt 120000 ]; then answer=disabled; fi
      ;;
  esac
}

while :; do
  cloud_init_state
  if [ "$answer" != running ] || [ "$left" -le 0 ]; then break; fi
  left=$((left - 1))
  sleep 0.5 2>/dev/null || sleep 1
done
emit cloud-init "$answer" "$detail"
`,runner:`# The supervisor of one attempt, in a session of its own. Arguments: DIR FILE-OF-ENVIRONMENT.
# Its names begin with m_: the environment of the attempt may hold any other name.

m_dir=$1 m_env=$2
read -r m_limit m_max <"$m_dir/limits"
m_begin=$(now_ms)

printf '%s %s %s %s\\n' "$$" "$(start_of "$$")" "$(boot_id)" "$m_begin" >"$m_dir/pid.$$"
if ! ln "$m_dir/pid.$$" "$m_dir/pid" 2>/dev/null; then exit 0; fi
rm -f "$m_dir/pid.$$"

# Output goes to the disk as it comes. Beyond the maximum only its end is kept.
keep_output() {
  keep_before=0
  while :; do
    dd bs=65536 count=64 2>/dev/null >>"$m_dir/out"
    keep_now=$(size_of "$m_dir/out")
    [ "$keep_now" -ne "$keep_before" ] || return 0
    keep_before=$keep_now
    [ "$keep_now" -lt "$m_max" ] || break
  done
  tail -c 4096 >"$m_dir/tail"
}

run_command() {
  unset LC_ALL
  umask 022
  cd /
  HOME=\${HOME:-/root}
  MUSTER_ATTEMPT=$m_dir
  export HOME MUSTER_ATTEMPT
  m_words=$(cat "$m_dir/argv")
  m_text=$(cat "$m_env" 2>/dev/null)
  rm -f "$m_env"
  eval "set -- $m_words
"
  tool setsid
  m_setsid=\${tool:-setsid}
  # Known before it runs, and not run when its supervisor is dead: a lost one is proven ended.
  read -r m_self m_rest </proc/self/stat
  printf '%s %s\\n' "$m_self" "$(start_of "$m_self")" >"$m_dir/group.$$"
  mv -f "$m_dir/group.$$" "$m_dir/group"
  kill -0 "$$" 2>/dev/null || exit 1
  eval "$m_text"
  exec "$m_setsid" "$@"
}

# True once the command is dead; its exit status is then in m_code.
reap() {
  [ -z "$m_code" ] || return 0
  if alive "$m_command" "$m_start"; then return 1; fi
  wait "$m_command"
  m_code=$?
}

signal_group() { # SIGNAL
  kill "-$1" "-$m_command" 2>/dev/null
}

# TERM, and KILL when something of the group is left after SECONDS.
end_group() { # SECONDS
  signal_group TERM
  m_until=$(($(now_ms) + $1 * 1000))
  while [ "$(now_ms)" -lt "$m_until" ]; do
    if reap && ! signal_group 0; then return 0; fi
    nap
  done
  # Again and again: it may have been about to make its group.
  signal_group KILL
  until reap; do
    nap
    signal_group KILL
  done
}

finish() { # CODE HOW
  printf '%s %s %s\\n' "$1" "$2" "$(($(now_ms) - m_begin))" | put_file "$m_dir/exit"
}

if [ -e "$m_dir/stop" ]; then
  rm -f "$m_env"
  finish 143 stopped
  exit 0
fi

: >"$m_dir/out"
mkfifo "$m_dir/fifo"
keep_output <"$m_dir/fifo" &
m_keeper=$!
run_command </dev/null >"$m_dir/fifo" 2>&1 &
m_command=$!
m_start=$(start_of "$m_command")

m_how=exit m_code=
until reap; do
  m_age=$(($(now_ms) - m_begin))
  if [ -s "$m_dir/stop" ]; then
    m_how=stopped
    read -r m_grace <"$m_dir/stop"
    end_group "$m_grace"
  elif [ "$m_age" -ge $((m_limit * 1000)) ]; then
    m_how=timeout
    end_group "$((m_limit < 10 ? m_limit : 10))"
  elif [ "$m_age" -lt 3000 ]; then
    nap
  else
    sleep 1
  fi
done
# What the command left behind in its group goes with it.
if signal_group 0; then end_group 1; fi

m_until=$(($(now_ms) + 10000))
m_keeper_start=$(start_of "$m_keeper")
while alive "$m_keeper" "$m_keeper_start" && [ "$(now_ms)" -lt "$m_until" ]; do nap; done
kill "$m_keeper" 2>/dev/null
rm -f "$m_dir/fifo"
finish "$m_code" "$m_how"
`,"supervise-status":`# Arguments: KEY OFFSET (bytes of output that the caller has; \`last\`: only its end). Prints
#   status<TAB>absent|starting|running|ended|lost<TAB>EXIT<TAB>HOW<TAB>ELAPSED-MS<TAB>SIZE<TAB>NEXT-OFFSET
#   output<TAB>HEX, tail<TAB>HEX, result<TAB>HEX where there is any, and end

attempt_dir "$1"
print_attempt "$dir" "$2"
`,"supervise-stop":`# Ends an attempt and all of its group. Arguments: FENCE RUN KEY SECONDS between TERM and KILL.
# Prints what supervise-status prints, when it is over.

take_fence "$1" "$2"
attempt_dir "$3"
key=$3 grace=$4

wait_over() { # SECONDS
  over_until=$(($(now_ms) + $1 * 1000))
  while :; do
    attempt_state "$dir"
    case $attempt in starting | running) ;; *) return 0 ;; esac
    [ "$(now_ms)" -lt "$over_until" ] || return 1
    nap
  done
}

# Its supervisor is dead or deaf.
end_by_force() {
  if [ -d "$root/run/systemd/system" ] && tool systemctl; then
    "$tool" kill --signal=KILL "muster-attempt-$key.service" 2>/dev/null
  fi
  attempt_pid= group_pid=
  [ -s "$dir/pid" ] && read -r attempt_pid attempt_start attempt_rest <"$dir/pid"
  if [ -n "$attempt_pid" ] && alive "$attempt_pid" "$attempt_start"; then kill -KILL "$attempt_pid"; fi
  if group_alive "$dir"; then kill -KILL "-$group_pid"; fi
  wait_over 5
}

attempt_state "$dir"
case $attempt in
  starting | running)
    printf '%s\\n' "$grace" | put_file "$dir/stop"
    wait_over $((grace + 10)) || end_by_force
    ;;
esac
print_attempt "$dir" last
`,supervise:`# Starts an attempt once, or finds it started. Arguments: FENCE RUN KEY SECONDS MAX-OUTPUT TEXT-OF-RUNNER
# PROGRAM ARG...; standard input: shell assignments of its environment. Prints what supervise-status prints.

take_fence "$1" "$2"
attempt_dir "$3"
key=$3 limits="$4 $5" runner=$6
shift 6
mkdir -p "$dir" "$run/env" || die 73 "can't write to $state"

# A word that a shell reads back as it was, on a line that goes on.
quote() { # WORD
  printf '%s\\n' "$1" | sed "s/'/'\\\\\\\\''/g; 1s/^/'/; \\$s/\\$/' \\\\\\\\/"
}

prepare() { # PROGRAM ARG...
  cat >"$run/env/$key" || return 1
  for word in "$@"; do quote "$word"; done >"$dir/argv" || return 1
  printf '%s\\n' "$limits" >"$dir/limits" && printf '%s\\n' "$runner" >"$dir/runner"
}

begin() {
  if [ -d "$root/run/systemd/system" ] && tool systemd-run &&
    "$tool" --quiet --collect --unit="muster-attempt-$key" /bin/sh "$dir/runner" "$dir" "$run/env/$key" \\
      >/dev/null 2>&1 </dev/null; then
    return 0
  fi
  setsid sh "$dir/runner" "$dir" "$run/env/$key" </dev/null >/dev/null 2>&1 &
}

# A link is made or not, and comes with its content: of two callers one is the first.
printf '%s %s\\n' "$(now_ms)" "$(boot_id)" >"$dir/claim.$$" || die 73 "can't write to $state"
if ln "$dir/claim.$$" "$dir/claim" 2>/dev/null; then
  rm -f "$dir/claim.$$"
  if prepare "$@"; then
    begin
    tries=30
    until [ -s "$dir/pid" ] || [ "$tries" -le 0 ]; do
      tries=$((tries - 1))
      nap
    done
  else
    printf '73 exit 0\\n' | put_file "$dir/exit"
    rm -f "$run/env/$key"
  fi
else
  rm -f "$dir/claim.$$"
fi
print_attempt "$dir" 0
`};var KINDS={"not-configured":"not-configured","not-running-vm":"vm-off","not-answering":"silent",forbidden:"forbidden"},DISABLED=/has been disabled|command .* (?:is )?not allowed|CommandNotFound/i,BROKEN=new Set(["unreachable","unanswered","node-unreachable"]);function agentTrouble(error){if(error instanceof ExecLost||isPidUnknown(error))return"result-lost";if(!(error instanceof PveError))return;let known=agentFailure(error);if(known!==void 0)return KINDS[known];let{failure:failure2,reason,status}=error.facts;return DISABLED.test(reason)?"disabled":status===596?"silent":BROKEN.has(failure2)?"unreachable":void 0}function mayPass(trouble){return trouble==="silent"||trouble==="result-lost"||trouble==="unreachable"}function nameOf(target){return`vm ${target.vmid} on ${target.node}`}var SCRIPT_VERSION=1,FENCED=75,LIBRARIES={activity:["lib-attempts","lib-packages"],checks:["lib-network","lib-ports"],deadman:["lib-attempts","lib-packages"],patch:["lib-packages"],runner:["lib-attempts"],supervise:["lib-attempts"],"supervise-status":["lib-attempts"],"supervise-stop":["lib-attempts"]};function scriptText(name){return["prelude",...LIBRARIES[name]??[],name].map(partText).join(`
`)}function partText(name){let text2=new Map(Object.entries(SCRIPTS)).get(name);if(text2===void 0)throw new Error(`no script ${name}`);return text2}function scriptArgv(name,args){return["sh","-c",scriptText(name),`muster-${name}/${SCRIPT_VERSION}`,...args]}async function runScript(target,name,args,options){if(Buffer.byteLength(options.stdin??"")>MAX_EXEC_INPUT)throw new GuestError("input-too-large",`${nameOf(target)}: more than 64 KiB of input for ${name}`);let result=await execPatiently(target,scriptArgv(name,args),options);if(result.exitCode===FENCED)throw new Fenced(`${nameOf(target)}: another run has taken over (${firstLine(result.stderr)})`);if(result.exitCode!==0)throw new GuestError("script-failed",`${nameOf(target)}: muster-${name} ended with ${result.exitCode}: ${firstLine(result.stderr)}`);return result.stdout}async function execPatiently(target,argv,options){let{agent,clock,node,signal,vmid}=target,{stdin,timeout,patience=3e4}=options,giveUp=clock.monotonic()+patience;for(let pause=500;;pause=Math.min(pause*2,4e3))try{return await agent.exec(node,vmid,argv,{timeout,signal,...stdin===void 0?{}:{stdin}})}catch(error){if(!mayPass(agentTrouble(error))||clock.monotonic()+pause>giveUp)throw error;await clock.sleep(pause,signal)}}function firstLine(text2){let line=text2.trim().split(`
`,1)[0]??"";return line===""?"it said nothing":line.slice(0,300)}async function guestActivity(target){let lines2=outputLines(await runScript(target,"activity",[],{timeout:3e4})),named=kind=>lines2.flatMap(([first,name])=>first===kind&&name!==void 0?[name]:[]);return{attempts:named("attempt"),packages:named("packages"),fence:Number(named("fence")[0]??0)||0}}async function busyWithPackages(target){return(await guestActivity(target)).packages.length>0}function step(crc,byte){let next=crc^byte<<24;for(let bit=0;bit<8;bit++)next=next&2147483648?next<<1^79764919:next<<1;return next}function posixCksum(content){let crc=0;for(let byte of content)crc=step(crc,byte);for(let rest=content.length;rest>0;rest=Math.floor(rest/256))crc=step(crc,rest&255);return`${~crc>>>0} ${content.length}`}var STAGE="/var/lib/muster/stage";async function sendFiles(target,actor,files,contents){if(files.length===0)return[];let payloads=files.map(file=>payloadOf(target,file,contents)),verdicts=await callFiles(target,actor,"check",payloads.flatMap(checkArgs)),stale=payloads.filter((_,index)=>verdicts.get(index)?.[0]!=="same");if(stale.length===0)return[];let parts=[];for(let payload of stale)parts.push(await stageParts(target,payload));let args=stale.flatMap((payload,index)=>[...checkArgs(payload),String(parts[index])]),installed=await callFiles(target,actor,"install",args);return stale.forEach((payload,index)=>{let[verdict,why]=installed.get(index)??["unknown","the guest did not say"];if(verdict!=="installed")throw new GuestError("file-failed",`${nameOf(target)}: could not write ${payload.file.to}: ${why??verdict}`)}),stale.map(payload=>payload.file.to)}function payloadOf(target,file,contents){let encoded=contents[file.digest];if(encoded===void 0)throw new GuestError("file-content-missing",`${nameOf(target)}: the content of ${file.from} (sha256 ${file.digest}) is not in the plan`,"Plan again.");let content=Buffer.from(encoded,"base64");return{file,content,cksum:posixCksum(content)}}function checkArgs({file,cksum}){return[file.digest,cksum,file.mode,file.to]}async function stageParts(target,{file,content}){let count=Math.max(1,Math.ceil(content.length/MAX_FILE_WRITE));for(let part=0;part<count;part++)await target.agent.writeFile(target.node,target.vmid,`${STAGE}/${file.digest}.${part}`,content.subarray(part*MAX_FILE_WRITE,(part+1)*MAX_FILE_WRITE));return count}async function callFiles(target,actor,mode,args){let text2=await runScript(target,"files",[String(actor.fence),actor.run,mode,...args],{timeout:12e4});return new Map(outputLines(text2).flatMap(([kind,index,...rest])=>kind==="file"?[[Number(index),rest]]:[]))}var DEFAULT_DEAD_MAN=30*6e4;async function launchGuest(target,launch2){let seconds=Math.max(1,Math.ceil((launch2.deadManMs??DEFAULT_DEAD_MAN)/1e3)),args=[String(launch2.fence),launch2.run,String(seconds),launch2.worker],text2=await runScript(target,"launch",[...args,scriptText("deadman")],{timeout:3e4}),armed=outputLines(text2).find(([kind])=>kind==="armed")?.[1];if(armed===void 0)throw new GuestError("not-armed",`${nameOf(target)}: the dead-man timer did not start`);return{written:await sendFiles(target,launch2,launch2.files,launch2.contents),deadMan:armed}}async function beatGuest(target,actor){await runScript(target,"beat",[String(actor.fence),actor.run],{timeout:2e4})}async function waitUntil(target,deadline,poll){let{clock,signal}=target,begin=clock.monotonic();for(let pause=500;;pause=Math.min(pause*1.5,4e3)){signal?.throwIfAborted();let found=await poll();if(found!==void 0)return found;let waitedMs=clock.monotonic()-begin;if(waitedMs>=deadline.timeout)throw timedOut(target,deadline,waitedMs);deadline.onWait?.({waitingFor:deadline.waitingFor,waitedMs,deadlineMs:deadline.timeout}),await clock.sleep(Math.min(pause,deadline.timeout-waitedMs),signal)}}function timedOut(target,deadline,waitedMs){let what=deadline.waitingFor.replaceAll("-"," ");return new WaitTimeout(deadline.waitingFor,waitedMs,`${nameOf(target)}: gave up ${what} after ${formatDuration(waitedMs)}; ${deadline.hint()}`)}var MAX_OUTPUT=64*2**20,ENV_NAME=/^[A-Za-z_][A-Za-z0-9_]*$/;async function startItem(target,actor,attempt2){let seconds=Math.max(1,Math.ceil(attempt2.timeout/1e3)),args=[String(actor.fence),actor.run,keyDirectory(attempt2.key),String(seconds),String(attempt2.maxOutput??MAX_OUTPUT),scriptText("runner"),...attempt2.argv],stdin=environmentText(target,attempt2.env??{});return parseStatus(target,await runScript(target,"supervise",args,{timeout:6e4,stdin}))}async function pollItem(target,key,offset=0){let args=[keyDirectory(key),String(offset)];return parseStatus(target,await runScript(target,"supervise-status",args,{timeout:6e4}))}async function stopItem(target,actor,key,grace=1e4){let seconds=Math.max(0,Math.ceil(grace/1e3)),args=[String(actor.fence),actor.run,keyDirectory(key),String(seconds)],text2=await runScript(target,"supervise-stop",args,{timeout:grace+6e4});return parseStatus(target,text2)}function keyDirectory(key){return`${key.replace(/[^A-Za-z0-9-]/g,"_").slice(0,100)}-${sha256(key).slice(0,12)}`}function environmentText(target,env){return Object.entries(env).map(([name,value])=>{if(!ENV_NAME.test(name)||value.includes("\0"))throw new GuestError("bad-environment",`${nameOf(target)}: ${JSON.stringify(name)} can't be an environment variable`);return`export ${name}='${value.replaceAll("'","'\\''")}'
`}).join("")}function parseStatus(target,text2){let status=outputLines(text2).find(([kind])=>kind==="status"),state=status?.[1];if(status===void 0||!isState(state))throw new GuestError("garbled",`${nameOf(target)}: no answer about the attempt: ${cleanField(text2).slice(0,100)}`);let exitCode=wholeNumber(status[2]),how=howOf(status[3]),tail=hexOf(text2,"tail"),result=hexOf(text2,"result");return{state,...exitCode===void 0?{}:{exitCode},...how===void 0?{}:{how},elapsed:wholeNumber(status[4])??0,size:wholeNumber(status[5])??0,output:hexOf(text2,"output")??new Uint8Array,next:wholeNumber(status[6])??0,...tail===void 0?{}:{tail},...result===void 0?{}:{result:Buffer.from(result).toString("utf8")}}}function isState(word){return word!==void 0&&["absent","starting","running","ended","lost"].includes(word)}function howOf(word){return word==="exit"||word==="timeout"||word==="stopped"?word:void 0}function hexOf(text2,kind){let lines2=text2.split(`
`).filter(line=>line.startsWith(`${kind}	`));if(lines2.length===0)return;let digits=lines2.map(line=>line.slice(kind.length+1).replace(/[^0-9a-f]/g,""));return Buffer.from(digits.join(""),"hex")}async function patchGuest(target,patching){let why=reasonToSkip(patching);if(why!==void 0)return skip(patching,why);let key=`patch/${patching.run}/${patching.round??1}`,{policy,proxy=""}=patching.patch,waitSeconds=Math.floor(patching.timeout/2e3),argv=scriptArgv("patch",[policy,proxy,String(waitSeconds)]),begin=target.clock.monotonic();await startItem(target,patching,{key,argv,timeout:patching.timeout,maxOutput:4*2**20});let status=await waitForEnd(target,patching,key);return conclude(patching,status,target.clock.monotonic()-begin)}function reasonToSkip({patch:patch2,last,kind,now}){if(patch2.policy==="none")return"patch.policy is none";if(kind==="restore")return"restore sessions do not wait for updates";if(last===void 0||last.result==="failed"||last.at<=0)return;let age=now-last.at;if(!(age<0||age>=patch2.maxAge))return`patched ${formatDuration(age)} ago, maxAge is ${formatDuration(patch2.maxAge)}`}function skip({last},message){return{record:{result:"skipped",at:last===void 0||last.result==="failed"?0:last.at,packages:[],rebooted:!1,message},rebootRequired:!1,fatal:!1}}async function waitForEnd(target,patching,key){let progress={waitingFor:"waiting-for-patch",message:""},onWait=wait=>patching.onProgress?.({...wait,...progress});return waitUntil(target,{waitingFor:"waiting-for-patch",timeout:patching.timeout+12e4,onWait,hint:()=>"its supervisor should have ended it; look into the guest"},async()=>{let status=await pollItem(target,key,"last");return progress=progressOf(status),status.state==="ended"||status.state==="lost"?status:void 0}).catch(error=>{throw error instanceof GuestError&&error.code==="garbled"?new GuestError("garbled",`${nameOf(target)}: ${error.message}`,error.remedy,error):error})}function progressOf(status){let facts=factsOf(status),manager=facts.manager??"patch";if(facts.phase==="lock")return{waitingFor:"waiting-for-package-lock",message:`${manager}: another package manager is at work (${facts.holder??"unknown"})`};let waiting=facts.waiting,count=waiting===void 0?"":`: ${waiting} ${waiting==="1"?"package":"packages"} waiting`;return{waitingFor:"waiting-for-patch",message:`${manager}${count}`}}function factsOf(status){let lines2=outputLines(status.result??""),values=Object.fromEntries(lines2.flatMap(([key,value])=>key===void 0||value===void 0?[]:[[key,value]])),packages=lines2.filter(([key])=>key==="package").map(([,name="",before="-",after="-"])=>`${name} ${before} ${after}`);return{...values,packages}}function conclude(patching,status,took){let facts=factsOf(status),{result,message,unreachable}=verdictOf(status,facts,took),record={result,at:patching.now+Math.round(took),...facts.manager===void 0?{}:{manager:facts.manager},packages:facts.packages,rebooted:!1,...message===void 0?{}:{message}},fatal=result==="failed"&&(!unreachable||patching.patch.required),always=patching.patch.reboot==="always"&&result==="patched";return{record,rebootRequired:always||facts.reboot==="yes",fatal}}function verdictOf(status,facts,took){let failed2=message=>({result:"failed",message,unreachable:!1});if(status.state==="lost")return failed2("the guest was rebooted or its supervisor killed while patching");if(status.how==="timeout")return failed2(`no end within ${formatDuration(took)}`);if(status.how==="stopped")return failed2("stopped");switch(facts.outcome){case"patched":return{result:facts.packages.length===0?"nothing":"patched",...messageOf(facts),unreachable:!1};case"unreachable":return{result:"failed",message:facts.message??"the update source is unreachable",unreachable:!0};case"failed":return failed2(facts.message??lastLine(status));default:return failed2(`ended with ${status.exitCode??"no status"}: ${lastLine(status)}`)}}function messageOf({message}){return message===void 0||message===""?{}:{message}}function lastLine(status){return Buffer.from(status.tail??status.output).toString("utf8").split(`
`).map(cleanField).findLast(line=>line.trim()!=="")??"no output"}var CONNECT_SECONDS=5;function checkArguments(question){let{spec,repositories,pveApi}=question,seconds=Math.floor(question.clusterTime/1e3);return["within",String(CONNECT_SECONDS),"cores",String(spec.cpu.cores),"memory",String(spec.memory),"disk",String(spec.disk.size),"now",String(seconds),"gateway",expectsGateway(spec)?"required":"optional",...namesToResolve(question).flatMap(name=>["name",name]),...pveApi===void 0?[]:["pve-api",bare(pveApi.host),String(pveApi.port)],...repositories.flatMap(({name,host,port,fingerprint})=>["repository",name,bare(host),String(port),fingerprint??""]),"source",sourceRule(spec),spec.patch.proxy??""]}function expectedIds(question){return["resources","disk-space","clock","gateway","dns","pve-api",...question.repositories.map(({name})=>`repository:${name}`),"update-source"]}function expectsGateway(spec){return spec.networks.some(({ipv4="dhcp",ipv6="none"})=>[ipv4,ipv6].some(ip=>typeof ip=="object"?ip.gateway!==void 0:ip==="dhcp"||ip==="auto"))}function namesToResolve({repositories,pveApi,spec}){let names=[...repositories.map(({host})=>host),pveApi?.host,proxyHost(spec)].filter(host=>host!==void 0&&ipVersion(bare(host))===void 0);return[...new Set(names)].flatMap(name=>name===void 0?[]:[name])}function bare(host){return host.replace(/^\[(.*)\]$/,"$1")}function proxyHost(spec){let proxy=spec.patch.proxy;return proxy!==void 0&&URL.canParse(proxy)?new URL(proxy).hostname:void 0}function sourceRule(spec){return spec.patch.policy==="none"?"none":spec.patch.required?"required":"optional"}var NOT_RUN="not run";async function runChecks(target,question){let{clock}=target,end=clock.monotonic()+question.timeout,left=()=>Math.max(1e3,end-clock.monotonic()),results=[],failed2=()=>results.some(({result})=>result==="fail");results.push(await checkAgent(target)),results.push(failed2()?skipped("address"):await checkAddress(target,question)),results.push(...failed2()?expectedIds(question).map(skipped):await builtInChecks(target,question,left()));for(let check2 of question.spec.checks)results.push(failed2()?skipped(check2.name):await declaredCheck(target,check2,left()));return results}function skipped(id){return{id,result:"skip",ms:0,seen:NOT_RUN}}async function checkAgent(target){return timed(target,"agent",async()=>(await target.agent.ping(target.node,target.vmid),{result:"pass",seen:"answers"}))}async function checkAddress(target,question){return timed(target,"address",async()=>{let seen=await target.agent.addresses(target.node,target.vmid),known=new Set(seen.map(address=>canonicalIp(address)??address)),missing=declaredAddresses(question).filter(address=>!known.has(address)),words=seen.length===0?"no address":seen.join(", ");return missing.length>0?{result:"fail",seen:`${words}; declared and missing: ${missing.join(", ")}`,hint:"the image did not take its network settings from cloud-init"}:seen.length===0&&question.spec.networks.length>0?{result:"fail",seen:words,hint:"DHCP gave no address: look at the bridge, the VLAN and the lease range"}:{result:"pass",seen:words}})}function declaredAddresses({spec}){return spec.networks.flatMap(({ipv4,ipv6})=>[ipv4,ipv6].flatMap(ip=>typeof ip=="object"?[hostOf(ip.address)]:[]))}function hostOf(cidr){let address=cidr.split("/")[0]??"";return canonicalIp(address)??address}async function builtInChecks(target,question,timeout){let ids=expectedIds(question),text2;try{text2=await runScript(target,"checks",checkArguments(question),{timeout})}catch(error){let[first="resources",...rest]=ids;return[await failureOf(first,error),...rest.map(skipped)]}let answers=new Map(outputLines(text2).flatMap(line=>line[0]==="check"?[[line[1]??"",line]]:[]));return inOrder(ids,answers)}function inOrder(ids,answers){let stopped=!1;return ids.map(id=>{let answer=answers.get(id);if(answer!==void 0){let result=parseCheck(id,answer);return stopped||=result.result==="fail",result}return stopped?skipped(id):(stopped=!0,{id,result:"fail",ms:0,seen:"the answer of the guest ended before this check"})})}function parseCheck(id,line){let[,,word,ms,seen="",hint=""]=line;return{id,result:word==="pass"||word==="warn"||word==="skip"?word:"fail",ms:wholeNumber(ms)??0,seen,...hint===""?{}:{hint}}}async function declaredCheck(target,check2,left){return timed(target,check2.name,async()=>{let allowed=Math.min(check2.timeout,left),args=[String(Math.max(1,Math.ceil(allowed/1e3))),...check2.run],text2=await runScript(target,"check",args,{timeout:allowed+15e3}),line=outputLines(text2).find(([kind])=>kind==="check"),[,exit="?",how="",last=""]=line??[];if(exit==="0")return{result:"pass",seen:last===""?"exit 0":last};let end=how==="timeout"?`no end within ${args[0]} s`:`exit ${exit}`;return{result:"fail",seen:last===""?end:`${end}: ${last}`,...exit==="127"?{hint:`the guest has no program ${check2.run[0]??""}`}:{}}})}async function timed(target,id,run){let begin=target.clock.monotonic(),ms=()=>Math.round(target.clock.monotonic()-begin);try{return{id,ms:ms(),...await run()}}catch(error){return{...await failureOf(id,error),ms:ms()}}}async function failureOf(id,error){if(!(error instanceof GuestError||error instanceof WaitTimeout||agentTrouble(error)!==void 0)||!(error instanceof Error))throw error;return{id,result:"fail",ms:0,seen:error.message}}var SETTLING=15e3,STUCK={"io-error":"stopped by an I/O error: look at the storage of its disk (full, or gone)","internal-error":"stopped by an internal error of QEMU: look at the system log of its node","guest-panicked":"its kernel panicked: look at its console"};async function waitForGuest(target,waits){await waitForAgent(target,waits);let addresses=waits.needsAddress===!1?[]:await waitForAddress(target,waits),cloudInit=await waitForCloudInit(target,waits);return{addresses,cloudInit}}async function waitForAgent(target,waits){let begin=target.clock.monotonic(),trouble="silent";await waitUntil(target,{waitingFor:"waiting-for-agent",timeout:waits.timeouts.start,onWait:waits.onWait,hint:()=>agentHint(trouble,waits.firstLaunch===!0)},async()=>{if(trouble=await pingTrouble(target),trouble===void 0)return!0;await checkPower(target,waits,target.clock.monotonic()-begin)})}async function pingTrouble(target){try{await target.agent.ping(target.node,target.vmid);return}catch(error){let trouble=agentTrouble(error);if(trouble==="vm-off"||mayPass(trouble))return trouble;throw agentGateError(target,trouble,error)}}async function checkPower(target,waits,waited){let{status,qmpStatus,lock}=await waits.status(),stuck=STUCK[qmpStatus];if(stuck!==void 0)throw new GuestError("vm-stuck",`${nameOf(target)} is in state ${qmpStatus}: ${stuck}`);if(!(waited<SETTLING)){if(status==="stopped")throw new GuestError("vm-off",`${nameOf(target)} was started and is powered off again`,"Look at its console and at the system log of its node.");if(qmpStatus==="paused"||qmpStatus==="suspended")throw new GuestError("vm-stuck",`${nameOf(target)} is ${qmpStatus}${lock===void 0?"":` under the lock ${lock}`}`,"Resume it, or find out who paused it.")}}function agentHint(trouble,firstLaunch){return trouble==="unreachable"?"its node does not answer":firstLaunch?"the VM runs, nothing answers as its guest agent. The image needs the package qemu-guest-agent, enabled at boot: install it in the template (on a disk image: virt-customize --install qemu-guest-agent), or let vendor data do it (packages: [qemu-guest-agent])":"the VM runs, its guest agent does not answer: the system may still boot or hang; look at its console"}function agentGateError(target,trouble,cause){let name=nameOf(target);switch(trouble){case"not-configured":return new GuestError("agent-not-configured",`${name} has no guest agent in its configuration`,"Apply once more: agent=1 is part of what Muster manages.",cause);case"forbidden":return new GuestError("agent-forbidden",`${name}: the token may not speak to its guest agent: ${reasonOf(cause)}`,"Give the token VM.GuestAgent.Audit (PVE 8: VM.Monitor) on the VM or its pool.",cause);case"disabled":return new GuestError("exec-disabled",`${name}: its guest agent refuses the command: ${reasonOf(cause)}`,"Allow guest-exec in the image: remove it from the blocked RPCs in /etc/sysconfig/qemu-ga (or /etc/qemu/qemu-ga.conf).",cause);default:return cause}}function reasonOf(error){return error instanceof PveError?error.facts.reason:String(error)}async function waitForAddress(target,waits){let hint="the guest has no address other than loopback: DHCP gave none (bridge, VLAN, lease range), or the image does not bring up its NIC";return waitUntil(target,{waitingFor:"waiting-for-address",timeout:waits.timeouts.start,onWait:waits.onWait,hint:()=>hint},async()=>{let found=await passing(()=>target.agent.addresses(target.node,target.vmid));return found===void 0||found.length===0?void 0:found})}async function passing(ask){try{return await ask()}catch(error){if(mayPass(agentTrouble(error)))return;throw error}}async function waitForCloudInit(target,waits){let last="it did not say how far it has got";return waitUntil(target,{waitingFor:"waiting-for-cloud-init",timeout:waits.timeouts.cloudInit??waits.timeouts.start,onWait:waits.onWait,hint:()=>`cloud-init has not finished (${last}); look at /var/log/cloud-init.log in the guest`},async()=>{let[state,detail]=await askReady(target);if(isFinished(state))return{state,detail};last=detail===""?state:detail})}async function askReady(target){try{let text2=await runScript(target,"ready",["5"],{timeout:3e4}),line=outputLines(text2).find(([kind])=>kind==="cloud-init");return[line?.[1]??"running",line?.[2]??""]}catch(error){let trouble=agentTrouble(error);throw trouble==="forbidden"?new GuestError("exec-forbidden",`${nameOf(target)}: the agent answers, but the token may not run commands: ${reasonOf(error)}`,"Give the token VM.GuestAgent.Unrestricted (PVE 8: VM.Monitor) on the VM or its pool.",error):agentGateError(target,trouble,error)}}function isFinished(state){return["absent","disabled","done","error"].includes(state)}function patchWords({record,rebootRequired},took){switch(record.result){case"patched":return`done in ${took}: ${record.packages.length} packages, ${rebootRequired?"a reboot is needed":"no reboot needed"}`;case"nothing":return"nothing to install";case"skipped":return`skipped: ${record.message??""}`;case"failed":return record.message??"it did not say why";default:return assertNever(record.result)}}function tellFailure(ctx,results){let bad=results.find(({result})=>result==="fail"),notRun=results.filter(({result,seen})=>result==="skip"&&seen==="not run").length,count=`${results.filter(passed).length} passed, 1 failed, ${notRun} not run`,detail=[`seen:  ${bad?.seen??""}`,...bad?.hint===void 0?[]:[`hint:  ${bad.hint}`]];tellDone(ctx,"test",`at "${bad?.id??""}" (${count})`,{failed:!0,detail})}function gateFailure(error){if(error instanceof WaitTimeout)return failure(error.waitingFor.replace(/^waiting-for-/,""),error.message);if(error instanceof GuestError)return{...failure(error.code,error.message),...error.remedy===void 0?{}:{hint:error.remedy}};if(error instanceof TaskFailed||error instanceof TaskTimeout||error instanceof PveError)return failure("start",error.message)}function failure(id,seen){return{id,result:"fail",ms:0,seen}}function hasFailed(results){return results.some(({result})=>result==="fail")}function passed({result}){return result==="pass"||result==="warn"}function spent(results){return`${(results.reduce((sum,{ms})=>sum+ms,0)/1e3).toFixed(1)} s`}var NotOurs=class extends Error{constructor(worker,vm,seen){super(`vm ${vm.vmid} on ${vm.node} is not ${worker}'s: ${seen}; it was not touched`),this.name="NotOurs"}};async function requireOurs(ctx,vm,proof="strong"){let config=await ctx.ports.pve.read.config(vm.node,vm.vmid),doubt=doubtsAbout(config,vm,ctx.ports.ledger.current().lineage,proof);if(doubt!==void 0)throw new NotOurs(ctx.worker.worker,vm,doubt);return config}function doubtsAbout(config,vm,lineage,proof){let marks=readMarks(config.values),cardAgrees=marks.card?.uuid===vm.uuid&&marks.card.lineage===lineage,strong=marks.uuid===vm.uuid&&marks.serialLineage===lineage;if(!(proof==="card"&&(strong||cardAgrees))){if(marks.uuid!==vm.uuid)return`its SMBIOS uuid is ${marks.uuid??"unset"}, not ${vm.uuid}`;if(marks.serialLineage!==lineage)return`its SMBIOS serial is ${marks.serialLineage===void 0?"not Muster\u2019s":`of lineage ${marks.serialLineage}`}`;if(proof==="strong-and-soft"&&!marks.tagged&&!cardAgrees)return'it has neither the tag "muster" nor Muster\u2019s line in its description'}}var REQUEST_DEADLINE_MS=3e4,MAX_TRIES=12;async function runStep(ctx,step2){await step2.isDone()||(stopWhenInterrupted(ctx),await ctx.lanes.within(step2.lanes??[],async()=>{step2.isShared===!0&&await step2.isDone()||await tryUntilDone(ctx,step2)}))}function stopWhenInterrupted(ctx){let{first,second}=ctx.interrupts;if(second.aborted||first.aborted&&ctx.closing!==!0)throw new Interrupted}async function tryUntilDone(ctx,step2){let{clock,random}=ctx.ports,deadline=clock.monotonic()+step2.timeout;for(let tries=1;;tries+=1){stopWhenInterrupted(ctx),await saveIntent(ctx,step2);let failure2=await attempt(ctx,step2,deadline);if(ctx.interrupts.second.aborted)throw new Interrupted;if(failure2!==void 0){if(wasRefused(failure2))throw failure2;await waitForStragglers(ctx,step2,deadline)}if(await step2.isDone())return;if(failure2===void 0)throw new StepFailed(`${step2.name} ended without an error, but its result is not there`);if(!isWorthAnotherTry(failure2)||tries>=MAX_TRIES)throw failure2;let pause=Math.min(15e3,1e3*2**(tries-1))*(.5+random.fraction());if(clock.monotonic()+pause>=deadline)throw failure2;tellProgress(ctx,step2.name,`${reasonOf2(failure2)}; trying again`,{waitingFor:waitNameOf(failure2)}),await clock.sleep(pause,ctx.interrupts.second)}}async function attempt(ctx,step2,deadline){let{pve,clock}=ctx.ports;ctx.run.mayStart(REQUEST_DEADLINE_MS);let begun=clock.monotonic();tellProgress(ctx,step2.name,step2.message);try{let upid=await step2.send();if(upid===void 0)return;let saved=noteDoing(ctx,(state,worker)=>setUpid(state,worker,upid)),waited=pve.tasks.wait(upid,{timeout:Math.max(1e3,deadline-clock.monotonic()),signal:ctx.interrupts.second,onProgress:line=>tellProgress(ctx,step2.name,line,{waitingFor:step2.waitingFor,waitedMs:clock.monotonic()-begun,deadlineMs:step2.timeout})});await Promise.all([saved,waited]);return}catch(error){if(error instanceof PveError||error instanceof TaskFailed)return error;throw error}}async function saveIntent(ctx,step2){let{vmid,node,uuid}=step2.vm,doing={run:ctx.run.id,action:ctx.action,step:step2.name,vmid,node,uuid,plan:ctx.planDigest};await noteDoing(ctx,(state,worker)=>setDoing(state,worker,doing))}async function noteDoing(ctx,change){try{await changeRecord(ctx,change)}catch(error){if(ctx.closing!==!0||error instanceof Fenced)throw error;tellWarning(ctx,`the state could not be written: ${error instanceof Error?error.message:""}`)}}function wasRefused(failure2){if(!(failure2 instanceof PveError))return!1;let{failure:kind}=failure2.facts;return kind==="refused"||kind==="forbidden"||kind==="unauthenticated"||kind==="untrusted"}async function waitForStragglers(ctx,step2,deadline){let{pve,clock}=ctx.ports,wanted=step2.task??{node:step2.vm.node,type:"",id:step2.vm.vmid},saved=recordOf2(ctx)?.doing?.upid,running=(await pve.tasks.list(wanted.node).catch(error=>{if(error instanceof PveError)return[];throw error})).filter(task=>task.running&&(task.upid===saved||task.id===String(wanted.id)&&(wanted.type===""||task.type===wanted.type)));for(let task of running){let timeout=Math.max(1e3,deadline-clock.monotonic());await pve.tasks.wait(task.upid,{timeout,signal:ctx.interrupts.second}).catch(error=>{if(!(error instanceof PveError||error instanceof TaskFailed))throw error})}}function isWorthAnotherTry(failure2){if(failure2 instanceof TaskFailed)return failure2.failure==="lock-timeout"||failure2.failure==="locked";if(!(failure2 instanceof PveError))return!1;let{failure:kind,reason}=failure2.facts;return kind==="unanswered"||kind==="node-unreachable"||kind==="unreachable"?!0:kind==="failed"&&/got timeout|is locked|got no worker upid|checksum mismatch|file changed/i.test(reason)}function reasonOf2(failure2){return failure2 instanceof TaskFailed?failure2.exitText:failure2 instanceof PveError?failure2.facts.reason:failure2.message}function waitNameOf(failure2){let lock=/VM is locked \(([\w-]+)\)/.exec(reasonOf2(failure2))?.[1];return lock===void 0?"waiting-for-retry":`waiting-for-lock(${lock})`}var ASK_EVERY_MS=5e3,MAX_SHUTDOWNS=5;async function powerOn(ctx,vm){ctx.running.add(ctx.worker.worker),await runStep(ctx,{name:"start",message:"powering on",waitingFor:"waiting-for-start",timeout:timeoutsOf(ctx).start,vm,isDone:async()=>(await ctx.ports.pve.read.status(vm.node,vm.vmid)).status==="running",send:async()=>(await requireOurs(ctx,vm),ctx.ports.pve.write.start(vm.node,vm.vmid))}),await requireOurs(ctx,vm),tellDone(ctx,"start","powered on")}async function powerOff(ctx,vm,isBusy2){await shutDownOrForce({...ctx,closing:!0},vm,isBusy2),ctx.running.delete(ctx.worker.worker)}async function shutDownOrForce(ctx,vm,isBusy2){let{pve}=ctx.ports,isOff2=async()=>(await patiently(ctx,()=>pve.read.status(vm.node,vm.vmid))).status==="stopped";if(!await isOff2()){ctx.running.add(ctx.worker.worker),await patiently(ctx,()=>requireOurs(ctx,vm));for(let tries=1;;tries+=1){await waitForQuiet(ctx,vm,isBusy2);let failure2=await shutDownOnce(ctx,vm,isOff2);if(failure2===void 0)break;if(failure2 instanceof TaskFailed&&failure2.failure==="locked"){if(tries>=MAX_SHUTDOWNS)throw failure2;continue}await forceOff(ctx,vm,isOff2,isBusy2);break}tellDone(ctx,"stop","powered off")}}async function shutDownOnce(ctx,vm,isOff2){let timeout=timeoutsOf(ctx).shutdown;try{await runStep(ctx,{name:"stop",message:"shutting down",waitingFor:"waiting-for-shutdown",timeout:timeout+6e4,vm,isDone:isOff2,send:async()=>(await requireOurs(ctx,vm),ctx.ports.pve.write.shutdown(vm.node,vm.vmid,timeout))});return}catch(error){if(isWorthForce(error))return error;throw error}}function isWorthForce(error){if(error instanceof PveError){let{failure:failure2}=error.facts;return failure2!=="forbidden"&&failure2!=="unauthenticated"&&failure2!=="untrusted"}return error instanceof TaskFailed||error instanceof TaskTimeout||error instanceof StepFailed}async function patiently(ctx,read){let{clock}=ctx.ports,deadline=clock.monotonic()+timeoutsOf(ctx).shutdown;for(;;)try{return await read()}catch(error){if(!isAway(error)||clock.monotonic()>=deadline)throw error;tellProgress(ctx,"stop","no answer",{waitingFor:"waiting-for-node"}),await clock.sleep(ASK_EVERY_MS,ctx.interrupts.second),stopWhenClosing(ctx)}}function isAway(error){if(!(error instanceof PveError))return!1;let{failure:failure2}=error.facts;return failure2==="node-unreachable"||failure2==="unanswered"||failure2==="unreachable"}async function forceOff(ctx,vm,isOff2,isBusy2){await waitForQuiet(ctx,vm,isBusy2),tellWarning(ctx,`vm ${vm.vmid} did not shut down in time and is powered off hard`),await runStep(ctx,{name:"stop",message:"powering off hard",waitingFor:"waiting-for-stop",timeout:3*6e4,vm,isDone:isOff2,send:async()=>(await requireOurs(ctx,vm),ctx.ports.pve.write.stop(vm.node,vm.vmid))})}async function waitForQuiet(ctx,vm,isBusy2){let{clock,pve}=ctx.ports,begun=clock.monotonic(),deadlineMs=timeoutsOf(ctx).patch;for(;;){let{lock,status}=await patiently(ctx,()=>pve.read.status(vm.node,vm.vmid));if(status==="stopped")return;let reason=lock==="backup"?"waiting-for-lock(backup)":await isBusy2()?"waiting-for-packages":void 0;if(reason===void 0)return;let waitedMs=clock.monotonic()-begun;if(waitedMs>=deadlineMs)throw new StepFailed(`vm ${vm.vmid} on ${vm.node} was left running: ${reason} for ${Math.round(waitedMs/6e4)} minutes; power it off when that has ended: muster shutdown ${ctx.worker.worker}`);tellProgress(ctx,"stop","not yet powered off",{waitingFor:reason,waitedMs,deadlineMs}),await clock.sleep(ASK_EVERY_MS,ctx.interrupts.second),stopWhenClosing(ctx)}}async function launchForTest(ctx,vm){let outcome=await launch(ctx,vm,"test");return await powerOff(ctx,vm,isBusy(targetOf(ctx,vm))),await changeState(ctx,clearDoing),outcome}async function launch(ctx,vm,kind){let target=targetOf(ctx,vm),outcome=await testAndPatch(ctx,vm,target,kind).catch(error=>afterFailure(ctx,vm,target,error));return await changeState(ctx,(state,worker)=>saveOutcome(state,worker,outcome)).catch(async error=>{throw await powerOff(ctx,vm,isBusy(target)),error}),outcome}async function afterFailure(ctx,vm,target,error){let result=error instanceof Interrupted?void 0:gateFailure(error);if(result!==void 0&&!ctx.interrupts.second.aborted)return tellFailure(ctx,[result]),{test:testRecord(ctx,[result])};throw ctx.interrupts.second.aborted||await powerOff(ctx,vm,isBusy(target)),error}async function testAndPatch(ctx,vm,target,kind){await powerOn(ctx,vm),await greet(ctx,vm,target,recordOf2(ctx)?.last.used===void 0);let first=await check(ctx,target);if(hasFailed(first))return{test:testRecord(ctx,first)};stopWhenInterrupted(ctx);let{record,rebootRequired,fatal}=await patch(ctx,target,kind);if(fatal){let seen=record.message??"system updates could not be installed";return{test:testRecord(ctx,[...first,failure("patch",seen)]),patch:record}}if(!mustReboot(specOf(ctx).patch.reboot,rebootRequired,record))return{test:testRecord(ctx,first),patch:record};await powerOff(ctx,vm,isBusy(target)),await powerOn(ctx,vm),await greet(ctx,vm,target,!1);let again=await check(ctx,target);return{test:testRecord(ctx,again),patch:{...record,rebooted:!0}}}function mustReboot(policy,isRequired,{result}){return policy==="always"?result==="patched":isRequired&&policy==="ifRequired"}async function greet(ctx,vm,target,firstLaunch){let{pve,clock}=ctx.ports,spec=specOf(ctx),begun=clock.monotonic(),{addresses}=await waitForGuest(target,{timeouts:{start:spec.timeouts.start},status:()=>pve.read.status(vm.node,vm.vmid),firstLaunch,needsAddress:spec.networks.length>0,onWait:({waitingFor,waitedMs,deadlineMs})=>tellProgress(ctx,"start","booting",{waitingFor,waitedMs,deadlineMs})}),took=formatDuration(clock.monotonic()-begun),how=spec.networks.some(({ipv4})=>(ipv4??"dhcp")==="dhcp")?" (dhcp)":"",where=addresses.length===0?"":`; address ${addresses.join(", ")}${how}`;tellDone(ctx,"start",`agent answers after ${took}${where}`);let launch2={...actorOf(ctx),worker:ctx.worker.worker,files:spec.files},{written}=await launchGuest(target,{...launch2,contents:ctx.plan.contents});written.length>0&&tellDone(ctx,"files",`written: ${written.join(", ")}`)}async function check(ctx,target){await ctx.onPhase?.("test");let spec=specOf(ctx),pveApi=apiAddress(ctx.plan.cluster.endpoint),results=await runChecks(target,{spec,repositories:ctx.plan.repositories,...pveApi===void 0?{}:{pveApi},clusterTime:clusterNow(ctx),timeout:spec.timeouts.test});return hasFailed(results)?tellFailure(ctx,results):tellDone(ctx,"test",`${results.filter(passed).length} passed in ${spent(results)}`),results}async function patch(ctx,target,kind){await ctx.onPhase?.("patch");let spec=specOf(ctx),last=recordOf2(ctx)?.last.patch,begun=ctx.ports.clock.monotonic(),patched=await patchGuest(target,{...actorOf(ctx),patch:spec.patch,...last===void 0?{}:{last},kind,timeout:spec.timeouts.patch,now:clusterNow(ctx),onProgress:({waitingFor,waitedMs,deadlineMs,message})=>tellProgress(ctx,"patch",message??"installing updates",{waitingFor,waitedMs,deadlineMs})}),took=formatDuration(ctx.ports.clock.monotonic()-begun);return tellDone(ctx,"patch",patchWords(patched,took),{failed:patched.record.result==="failed"}),patched}function testRecord(ctx,checks){let at=clusterNow(ctx);return{result:hasFailed(checks)?"failed":"passed",at,checks}}function saveOutcome(state,worker,{test,patch:patched}){let tested=recordUse(recordTest(state,worker,test),worker,test.at),before=lookup(state.workers,worker)?.last.patch;return patched!==void 0&&(patched.result!=="skipped"||before===void 0)?recordPatch(tested,worker,patched):tested}function specOf(ctx){let spec=ctx.worker.desired?.spec??recordOf2(ctx)?.declared;if(spec===void 0)throw new Error(`${ctx.worker.worker} is not in the state`);return spec}function actorOf(ctx){let fence=recordOf2(ctx)?.lease?.fence;if(fence===void 0)throw new Error(`${ctx.worker.worker} is launched without a lease`);return{run:ctx.run.id,fence}}function targetOf(ctx,vm){let{pve,clock}=ctx.ports;return{agent:pve.agent,node:vm.node,vmid:vm.vmid,clock,signal:ctx.interrupts.second}}function isBusy(target){return()=>busyWithPackages(target).catch(()=>!1)}function apiAddress(endpoint){if(!URL.canParse(endpoint))return;let{hostname,port}=new URL(endpoint);return{host:hostname.replace(/^\[|\]$/g,""),port:port===""?443:Number(port)}}function endingOf({exitCode,how},lastLine2){let words={...exitCode===void 0?{}:{exitCode},...lastLine2===void 0?{}:{lastLine:lastLine2}};return how==="timeout"?{result:"timeout",...words}:how==="stopped"?{result:"stopped",...words}:{result:exitCode===0?"ok":"failed",...words}}function lastLineOf(tail){return Buffer.from(tail).toString("utf8").split(/[\r\n]+/).map(line=>line.replace(/[\u0000-\u001f\u007f]/g," ").trim()).findLast(line=>line!=="")?.slice(0,300)}var KINDS2=[PveError,TaskFailed,TaskTimeout,WaitTimeout,GuestError,ExecLost,StepFailed,VmidTaken,NotOurs,Fenced,Interrupted,DiagnosticsError];function isOutsideFailure(error){return KINDS2.some(kind=>error instanceof kind)?!0:error instanceof Error&&error.name==="AbortError"}var OWN=/^patch_/,sessionCare={collect:async(ctx,vm)=>{let now=clusterNow(ctx),sessions=deadSessions(ctx.ports.ledger.current(),now),working=[],known=new Set;for(let session of sessions)for(let running of runningIn(session,ctx.worker.worker)){let key=attemptKey(session.id,running.item,running.attempt);known.add(keyDirectory(key)),await collectOne(ctx,vm,session.id,running)||working.push(`${running.item} of session ${session.id}`)}let{attempts}=await guestActivity(targetOf(ctx,vm)).catch(ifSilent({attempts:[]})),others=attempts.filter(name=>!known.has(name)&&!OWN.test(name));return[...working,...others]}};async function collectOne(ctx,vm,id,{item,attempt:attempt2}){let target=targetOf(ctx,vm),found=await howItEnded(target,attemptKey(id,item,attempt2));if(found===void 0)return!1;let ended={item,attempt:attempt2,at:clusterNow(ctx),...found};return await ctx.ports.ledger.commit(state=>endAttempt(state,id,ended)),!0}async function howItEnded(target,key){let status=await pollItem(target,key,"last").catch(ifSilent(void 0));switch(status?.state){case"running":case"starting":return;case"ended":return endingOf(status,lastLineOf(status.tail??status.output));default:return{result:"lost"}}}function ifSilent(otherwise){return error=>{if(!isOutsideFailure(error))throw error;return otherwise}}function createLanes(){let lanes=new Map,laneOf=({key,room})=>{let known=lanes.get(key);if(known!==void 0)return known;let lane={free:Math.max(1,room),waiting:[]};return lanes.set(key,lane),lane};return{async within(keys,work){let taken=[];try{for(let key of keys){let lane=laneOf(key);await take(lane),taken.push(lane)}return await work()}finally{for(let lane of taken)give(lane)}}}}function take(lane){return lane.free>0?(lane.free-=1,Promise.resolve()):new Promise(resolve=>lane.waiting.push(resolve))}function give(lane){let next=lane.waiting.shift();next===void 0?lane.free+=1:next()}function storageLane(limits,node,storage){return{key:`storage ${node}/${storage}`,room:limits.perStorage}}var ChangedMeanwhile=class extends Error{differences;constructor(differences){super("it was changed by somebody else while this was applied; nothing of that was put back"),this.name="ChangedMeanwhile",this.differences=differences}},DISK=/^(?:ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/;function requireAgreed(agreed,now){let others=Object.entries(now.set).filter(([key,value])=>!(key in agreed.set&&(DISK.test(key)||sameJson(agreed.set[key],value)))),removals=now.remove.filter(key=>!agreed.remove.includes(key)),keys=[...others.map(([key])=>key),...removals];if(keys.length!==0)throw new ChangedMeanwhile(keys.map(key=>`${key} was changed meanwhile`))}async function freshInventory(pve,inventory,vm){if(vm===void 0)return inventory;let known=inventory.vms[String(vm.vmid)],node=known?.node??vm.node;if(known===void 0&&!Object.hasOwn(inventory.nodes,node))return inventory;let seen=await look(pve,node,vm.vmid);if(seen.kind==="there")return withVm(inventory,vm.vmid,merged(known,node,vm.vmid,seen));if(seen.kind==="unreachable")return without(inventory,vm.vmid,"unreachable");if(await pve.read.idIsFree(vm.vmid))return without(inventory,vm.vmid,"gone");let{vms}=await pve.read.cluster(),elsewhere=vms.find(({vmid})=>vmid===vm.vmid);if(elsewhere===void 0)return without(inventory,vm.vmid,"invisible");let again=await look(pve,elsewhere.node,vm.vmid);return again.kind!=="there"?without(inventory,vm.vmid,"unreachable"):withVm(inventory,vm.vmid,merged(elsewhere,elsewhere.node,vm.vmid,again))}async function look(pve,node,vmid){try{let[config,{status,lock}]=await Promise.all([pve.read.config(node,vmid),pve.read.status(node,vmid)]);return{kind:"there",config,status,...lock===void 0?{}:{lock}}}catch(error){if(isVmMissing(error)||isForbidden(error))return{kind:"missing"};if(error instanceof PveError&&error.facts.failure==="node-unreachable")return{kind:"unreachable"};throw error}}function isForbidden(error){return error instanceof PveError&&error.facts.failure==="forbidden"}function merged(known,node,vmid,seen){let{values}=seen.config,{lock:_,...rest}=known??{kind:"qemu",tags:[]},lock=seen.lock??values.lock;return{facts:{...rest,kind:"qemu",vmid,node,status:seen.status,template:values.template==="1",tags:readMarks(values).tagged?["muster"]:[],...values.name===void 0?{}:{name:values.name},...lock===void 0?{}:{lock}},config:seen.config}}function withVm(inventory,vmid,{facts,config}){let key=String(vmid),{[key]:_,...absent}=inventory.absent;return{...inventory,vms:{...inventory.vms,[key]:facts},configs:{...inventory.configs,[key]:config},absent}}function without(inventory,vmid,absence){let key=String(vmid),{[key]:_vm,...vms}=inventory.vms,{[key]:_config,...configs}=inventory.configs;return{...inventory,vms,configs,absent:{...inventory.absent,[key]:absence}}}function configWrite(config,changes,context={}){let diskKey=context.diskKey??bootDiskKey(config),draft=openDraft(config,diskKey,context.storage),ordered=[...changes].sort((a,b)=>rankOf(a.path)-rankOf(b.path));for(let{path,after}of ordered)rowOf(path)?.write?.(draft,after,path);return{...draftDelta(config,draft),...diskWork(draft),...draft.migrateTo===void 0?{}:{migrate:{target:draft.migrateTo}},...poolMove(draft,context.pool),regenerateCloudInit:changes.some(change=>change.cost==="cloud-init-rerun")}}function diskWork(draft){let disk=draft.diskKey;return disk===void 0?{}:{...draft.resize===void 0?{}:{resize:{disk,bytes:draft.resize}},...draft.moveTo===void 0?{}:{moveDisk:{disk,storage:draft.moveTo}}}}function poolMove(draft,from){let to=draft.pool??void 0;return draft.pool===void 0||to===from?{}:{pool:{...from===void 0?{}:{from},...to===void 0?{}:{to}}}}function subjectOf(ctx,uuid){let{desired}=ctx.worker;if(desired===void 0)throw new Error(`${ctx.worker.worker} has no desired entry to work towards`);let{lineage}=ctx.ports.ledger.current(),{project,environment}=ctx.plan;return{name:desired.name,spec:desired.spec,identity:{owner:{lineage,project,environment,worker:desired.name,uuid},declaredIn:desired.declaredAt.file}}}function ownerPool(ctx,vm,fresh){return fresh?ctx.worker.desired?.spec.pool:ctx.inventory.vms[String(vm.vmid)]?.pool}async function converge(ctx,vm,fresh){let gap=()=>gapOf(ctx,vm,fresh),first=await gap();await moveDisk(ctx,vm,gap,first),await setConfig(ctx,vm,gap,fresh?void 0:first),await resize(ctx,vm,gap,first),await setPool(ctx,vm,first.write),first.write.regenerateCloudInit&&!fresh&&await regenerateCloudInit(ctx,vm),fresh||await requireNothingPending(ctx,vm)}async function requireNothingPending(ctx,vm){let{read}=ctx.ports.pve,keys=await read.pending(vm.node,vm.vmid);if(!(keys.length===0||(await read.status(vm.node,vm.vmid)).status==="stopped"))throw new StepFailed(`${keys.join(", ")} of vm ${vm.vmid} on ${vm.node} was written and waits for a power cycle: the VM runs, though it was off when this was planned`)}async function gapOf(ctx,vm,fresh){let config=await requireOurs(ctx,vm,fresh?"card":"strong"),{spec,identity,name}=subjectOf(ctx,vm.uuid),pool=ownerPool(ctx,vm,fresh),found=readAttributes(config,{node:vm.node,vmid:vm.vmid,...pool===void 0?{}:{pool}}),desired=attributesOf(spec,name,identity),record=recordOf2(ctx),before=record?.declared,changes=fresh?firstChanges(desired,found):diffAttributes({desired,found,declaredBefore:before===void 0?void 0:attributesOf(before,name,identity),observed:record?.observed}).filter(({cost})=>cost!=="record"),storage=spec.disk.storage,write=configWrite(config,changes,{...storage===void 0?{}:{storage},...pool===void 0?{}:{pool}});return{config,write}}async function moveDisk(ctx,vm,gap,first){let move=first.write.moveDisk;move!==void 0&&(await runStep(ctx,{name:"move-disk",message:`moving ${move.disk} to ${move.storage}`,waitingFor:"waiting-for-move-disk",timeout:ctx.worker.desired?.spec.timeouts.deploy??30*6e4,vm,lanes:[storageLane(ctx.plan.limits,vm.node,move.storage)],isDone:async()=>(await gap()).write.moveDisk===void 0,send:async()=>{let{config}=await gap();return ctx.ports.pve.write.moveDisk(vm.node,vm.vmid,move.disk,move.storage,config.digest)}}),tellDone(ctx,"move-disk",`${move.disk} is on ${move.storage}`))}async function setConfig(ctx,vm,gap,agreed){let nothing=({write})=>Object.keys(write.set).length===0&&write.remove.length===0;await runStep(ctx,{name:"set-config",message:agreed===void 0?"writing its configuration":"changing its configuration",waitingFor:"waiting-for-config",timeout:3*6e4,vm,isDone:async()=>nothing(await gap()),send:async()=>{let{config,write}=await gap();agreed!==void 0&&requireAgreed(agreed.write,write),await ctx.ports.pve.write.setConfig(vm.node,vm.vmid,write.set,write.remove,config.digest)}})}async function resize(ctx,vm,gap,first){let grow=first.write.resize;if(grow===void 0)return;let{spec}=subjectOf(ctx,vm.uuid);await runStep(ctx,{name:"resize",message:`growing ${grow.disk}`,waitingFor:"waiting-for-resize",timeout:10*6e4,vm,lanes:[storageLane(ctx.plan.limits,vm.node,spec.disk.storage??"")],isDone:async()=>(await gap()).write.resize===void 0,send:async()=>{let{config}=await gap();return ctx.ports.pve.write.resize(vm.node,vm.vmid,grow.disk,grow.bytes,config.digest)}})}async function setPool(ctx,vm,{pool}){if(pool===void 0)return;let{read,write}=ctx.ports.pve,poolNow=async()=>(await read.cluster()).vms.find(({vmid})=>vmid===vm.vmid)?.pool;await runStep(ctx,{name:"set-pool",message:pool.to===void 0?`leaving pool ${pool.from}`:`joining pool ${pool.to}`,waitingFor:"waiting-for-pool",timeout:3*6e4,vm,isDone:async()=>await poolNow()===pool.to,send:async()=>{await requireOurs(ctx,vm),pool.to!==void 0?await write.setPool(pool.to,vm.vmid,!0):pool.from!==void 0&&await write.setPool(pool.from,vm.vmid,!1)}})}async function regenerateCloudInit(ctx,vm){let isAnswered=!1;await runStep(ctx,{name:"cloud-init",message:"writing its cloud-init drive",waitingFor:"waiting-for-cloud-init",timeout:3*6e4,vm,isDone:async()=>isAnswered,send:async()=>{await requireOurs(ctx,vm),await ctx.ports.pve.write.regenerateCloudInit(vm.node,vm.vmid),isAnswered=!0}})}async function downloadImage(ctx,vm,source){let filename=imageFilename(source),volume=`${source.storage}:import/${filename}`,{algorithm,checksum}=splitChecksum(source.checksum),{pve}=ctx.ports;return await runStep(ctx,{name:"download",message:`downloading ${filename} to ${source.storage}`,waitingFor:"waiting-for-download",timeout:timeoutsOf(ctx).deploy,vm,lanes:[{key:`download ${vm.node}/${volume}`,room:1}],isShared:!0,isDone:async()=>volume in await pve.read.volumes(vm.node,source.storage,"import"),send:()=>pve.write.downloadImage(vm.node,source.storage,{url:source.url,filename,checksum,algorithm})}),volume}function imageFilename(source){let last=new URL(source.url).pathname.split("/").at(-1)??"image",extension=/\.(raw|vmdk)$/i.exec(last)?.[1]?.toLowerCase()??"qcow2";return`${last.replace(/\.[a-z0-9]+$/i,"").replace(/[^\w.-]/g,"-").slice(0,80)||"image"}-${splitChecksum(source.checksum).checksum.slice(0,12)}.${extension}`}function splitChecksum(text2){let[algorithm="sha256",checksum=""]=text2.split(":");return{algorithm,checksum}}var IdTaken=class extends Error{vmid;constructor(vmid,seen){super(`vm id ${vmid} is taken: ${seen}`),this.name="IdTaken",this.vmid=vmid}};async function placeVm(ctx,not){let node=ctx.worker.desired?.spec.node??ctx.worker.node,{vmid:begun,node:where,uuid,step:step2=""}=recordOf2(ctx)?.doing??{};if(begun!==void 0&&where!==void 0&&uuid!==void 0&&isMaking(step2)&&!not.includes(begun))return{vmid:begun,node:where,uuid};let explicit=ctx.worker.desired?.spec.vmid;if(explicit!==void 0&&not.includes(explicit))throw new DiagnosticsError([problem("vmid-taken",`vm id ${explicit}, which ${ctx.worker.worker} asks for, is taken by another VM`,"Free that id, or declare another vmid (or none, to have one chosen).")]);for(let vmid of candidates(ctx,explicit)){if(not.includes(vmid)||!await ctx.ports.pve.read.idIsFree(vmid))continue;let vm={vmid,node,uuid:ctx.ports.random.uuid()};if(await reserve(ctx,vm))return vm}let{from,to}=ctx.plan.vmids;throw new DiagnosticsError([problem("no-free-vmid",`no id from ${from} to ${to} is free for ${ctx.worker.worker}`,"Widen cluster.vmids, or remove guests that hold ids of this range.")])}var MAKING=["place","download","clone","create","move-disk","set-config","resize"];function isMaking(step2){return MAKING.includes(step2)}function*candidates(ctx,explicit){if(explicit!==void 0){yield explicit;return}let planned=ctx.worker.vmid;planned!==void 0&&(yield planned);let{from,to}=ctx.plan.vmids,others=new Set(ctx.plan.workers.map(worker=>worker.vmid));for(let vmid=from;vmid<=to;vmid+=1)!others.has(vmid)&&ctx.inventory.vms[String(vmid)]===void 0&&(yield vmid)}async function reserve(ctx,vm){let worker=ctx.worker.worker,doing={run:ctx.run.id,action:ctx.action,step:"place",...vm,plan:ctx.planDigest},state=await ctx.ports.ledger.commit(current=>{let owner=vmidOwner(current,vm.vmid);return owner===void 0||owner===worker?reserveVmid(current,worker,doing):current});return lookup(state.workers,worker)?.doing?.uuid===vm.uuid}var LOOK_EVERY_MS=2e3;async function isMade(ctx,vm,cloneNode){let{pve,clock}=ctx.ports,{lineage}=ctx.ports.ledger.current(),deadline=clock.monotonic()+timeoutsOf(ctx).deploy;for(;;){if(await pve.read.idIsFree(vm.vmid))return!1;let config=await lookFor(ctx,vm,cloneNode),lock=config?.values.lock;if(config!==void 0&&lock!=="clone"&&lock!=="create"){let doubt=doubtsAbout(config,vm,lineage,"card");if(doubt===void 0)return!0;throw new IdTaken(vm.vmid,doubt)}let task=await ownTask(ctx,vm,deadline-clock.monotonic());if(config===void 0&&task!=="ended")throw new IdTaken(vm.vmid,"by a guest that this token may not see, or on another node");if(config!==void 0&&task==="ended"&&await isStillLocked(ctx,vm,cloneNode))throw new IdTaken(vm.vmid,leftLocked(vm,lock??"clone"));if(clock.monotonic()>=deadline)throw new StepFailed(stillMade(vm,lock??"clone"));tellProgress(ctx,lock??"clone",`vm ${vm.vmid} is being made`,{waitingFor:`waiting-for-${lock??"clone"}`}),await clock.sleep(LOOK_EVERY_MS,ctx.interrupts.second)}}async function lookFor(ctx,vm,cloneNode){for(let node of new Set([vm.node,cloneNode]))try{return await ctx.ports.pve.read.config(node,vm.vmid)}catch(error){if(!(isVmMissing(error)||error instanceof PveError&&error.facts.status===403))throw error}}async function isStillLocked(ctx,vm,cloneNode){let lock=(await lookFor(ctx,vm,cloneNode))?.values.lock;return lock==="clone"||lock==="create"}async function ownTask(ctx,vm,left){let doing=recordOf2(ctx)?.doing;if(doing?.upid===void 0||doing.vmid!==vm.vmid)return"unknown";try{let wait={timeout:Math.max(1e3,left),signal:ctx.interrupts.second};return await ctx.ports.pve.tasks.wait(doing.upid,wait),"ended"}catch(error){if(error instanceof TaskFailed)return"ended";if(error instanceof PveError||error instanceof TaskTimeout)return"unknown";throw error}}function leftLocked(vm,lock){return`its ${lock} was cut off and left a lock that only root can remove (on ${vm.node}: qm unlock ${vm.vmid} && qm destroy ${vm.vmid} --purge)`}function stillMade(vm,lock){return`vm ${vm.vmid} on ${vm.node} is still locked (${lock}): whoever makes it has not ended`}async function recordMade(ctx,vm){let config=await requireOurs(ctx,vm),{spec}=subjectOf(ctx,vm.uuid),seen=readAttributes(config,{node:vm.node,vmid:vm.vmid,...spec.pool===void 0?{}:{pool:spec.pool}}),ctime=Number(parsePropertyString(config.values.meta??"").get("ctime")),ref={...vm,...Number.isFinite(ctime)?{ctime}:{}},image={name:spec.image,source:describeSource(spec.imageSource)},isNew=ctx.action==="deploy"||ctx.action==="replace";await changeState(ctx,(state,worker)=>{let kept=isNew||hasMoved(state.workers[worker],vm,spec)?image:void 0,made=recordVm(declare(ctx,state,spec),worker,ref,kept),drives=isNew?seen.drives:ownDrives(state.workers[worker],config),observed=drives===void 0?seen:{...seen,drives};return clearDoing(recordObserved(made,worker,observed),worker)})}function ownDrives(record,config){let before=record?.observed?.drives,known=Array.isArray(before)?before:[],own=[bootDiskKey(config),cloudInitKey(config)].filter(key=>key!==void 0);return driveKeys(config).filter(key=>known.includes(key)||own.includes(key))}function hasMoved(record,vm,spec){let{vm:before,image}=record??{};return image!==void 0&&image.source!=="unknown"&&image.name===spec.image&&before!==void 0&&before.node!==vm.node}function recordNode(state,worker,vm,spec){let record=state.workers[worker];if(record?.vm===void 0||vm===void 0||record.vm.node===vm.node)return state;let image=hasMoved(record,vm,spec)?{name:spec.image,source:describeSource(spec.imageSource)}:void 0;return recordVm(state,worker,{...record.vm,node:vm.node},image)}function declare(ctx,state,spec){let at=ctx.worker.desired?.declaredAt??ctx.worker.declaredAt,place=at===void 0?void 0:`${at.file}:${at.line}`;return recordDeclared(state,ctx.worker.worker,spec,place)}function describeSource(source){switch(source?.kind){case"template":return`template ${source.vmid}`;case"import":return`import ${source.volume}`;case"url":return`url ${source.url} ${source.checksum}`;default:return"unknown"}}var MAX_IDS=5;async function deploy(ctx){let begun=ctx.ports.clock.monotonic(),vm=await makeVm(ctx);await converge(ctx,vm,!0),await recordMade(ctx,vm);let{disk}=subjectOf(ctx,vm.uuid).spec,place=disk.storage===void 0?"":` on ${disk.storage}`,took=formatDuration(ctx.ports.clock.monotonic()-begun);return tellDone(ctx,"deploy",`done in ${took}: vm ${vm.vmid}, ${formatSize(disk.size)}${place}`),vm}async function makeVm(ctx){let taken=[];for(;;){let vm=await placeVm(ctx,taken);try{return await runStep(ctx,await makingStep(ctx,vm)),vm}catch(error){if(!(error instanceof IdTaken)||taken.length>=MAX_IDS)throw error;taken.push(vm.vmid),tellWarning(ctx,`${error.message}; using another id`),await changeState(ctx,(state,worker)=>clearDoing(state,worker))}}}async function makingStep(ctx,vm){let{spec}=subjectOf(ctx,vm.uuid),source=spec.imageSource;if(source===void 0)throw new StepFailed(`image ${spec.image} of ${ctx.worker.worker} was not found on ${vm.node}`);let lanes=[storageLane(ctx.plan.limits,vm.node,spec.disk.storage??"")],common={vm,lanes,timeout:timeoutsOf(ctx).deploy,isDone:()=>isMade(ctx,vm,templateNode(ctx,vm,source))};if(source.kind==="template")return{...common,...cloneStep(ctx,vm,source)};let volume=source.kind==="import"?source.volume:await downloadImage(ctx,vm,source);return{...common,name:"create",message:`creating vm ${vm.vmid} from ${volume}`,waitingFor:"waiting-for-create",send:()=>ctx.ports.pve.write.create(vm.node,creation(ctx,vm,volume))}}function cloneStep(ctx,vm,source){let{name,spec,identity}=subjectOf(ctx,vm.uuid),from=templateNode(ctx,vm,source),full=source.clone==="full",description=attributesOf(spec,name,identity).description;return{name:"clone",message:`cloning template ${source.vmid} to vm ${vm.vmid}`,waitingFor:"waiting-for-clone",task:{node:from,type:"qmclone",id:source.vmid},send:()=>ctx.ports.pve.write.clone(from,source.vmid,{newid:vm.vmid,name,description:typeof description=="string"?description:"",full,...from===vm.node?{}:{target:vm.node},...full&&spec.disk.storage!==void 0?{storage:spec.disk.storage}:{},...spec.pool===void 0?{}:{pool:spec.pool}})}}function creation(ctx,vm,volume){let{name,spec,identity}=subjectOf(ctx,vm.uuid),storage=spec.disk.storage;if(storage===void 0)throw new StepFailed(`${name} has no storage for its disk`);let base={values:{ostype:"l26",scsihw:"virtio-scsi-single",scsi0:`${storage}:0,import-from=${volume}`,boot:"order=scsi0",serial0:"socket"},digest:""},changes=firstChanges(attributesOf(spec,name,identity),readAttributes(base,{node:vm.node,vmid:vm.vmid})),{set}=configWrite(base,changes,{diskKey:"scsi0",storage}),cpu=spec.cpu.type===void 0?{cpu:"x86-64-v2-AES"}:{},pool=spec.pool===void 0?{}:{pool:spec.pool};return{...base.values,...cpu,...set,...pool,vmid:vm.vmid}}function templateNode(ctx,vm,source){return source.kind!=="template"?vm.node:ctx.inventory.vms[String(source.vmid)]?.node??vm.node}async function deleteVm(ctx,vm,proof="strong-and-soft"){let sent=!1;await runStep(ctx,{name:"delete",message:`deleting vm ${vm.vmid}`,waitingFor:"waiting-for-delete",timeout:10*6e4,vm,isDone:()=>isGone(ctx,vm,sent,proof),send:async()=>(await refuseWhenRunning(ctx,vm),await requireOurs(ctx,vm,proof),sent=!0,ctx.ports.pve.write.destroy(vm.node,vm.vmid))}),await changeRecord(ctx,(state,worker)=>clearDoing(forgetVm(state,worker),worker)),tellDone(ctx,"delete",`vm ${vm.vmid} and its disks deleted`)}async function isGone(ctx,vm,sent,proof){if(await ctx.ports.pve.read.idIsFree(vm.vmid))return!0;try{return await requireOurs(ctx,vm,proof),!1}catch(error){if(sent&&error instanceof NotOurs)return!0;throw error}}async function refuseWhenRunning(ctx,vm){let{status}=await ctx.ports.pve.read.status(vm.node,vm.vmid);if(status==="running")throw new StepFailed(`vm ${vm.vmid} on ${vm.node} runs, though it was off when this was planned; plan again: nothing was deleted`)}async function migrate(ctx,from,target){let{pve}=ctx.ports,moved={...from,node:target},storage=ctx.worker.desired?.spec.disk.storage;return await runStep(ctx,{name:"migrate",message:`moving vm ${from.vmid} from ${from.node} to ${target}`,waitingFor:"waiting-for-migrate",timeout:timeoutsOf(ctx).deploy,vm:from,isDone:async()=>{try{let{values}=await requireOurs(ctx,moved);return values.lock===void 0}catch(error){if(isVmMissing(error))return!1;throw error}},send:async()=>(await requireOurs(ctx,from),pve.write.migrate(from.node,from.vmid,target,storage))}),tellDone(ctx,"migrate",`vm ${from.vmid} is on ${target}`),moved}async function perform(ctx){switch(ctx.action){case"shutdown":return await shutDown(ctx),{};case"forget":return await changeState(ctx,forgetWorker),{};case"destroy":return await destroy(ctx),{};case"adopt":return await adopt(ctx),{};case"rename":return{};case"configure":return await configure(ctx),{};case"deploy":return await deployOnce(ctx),{};case"update":return await update(ctx),{};case"replace":return await replace(ctx),{};case"test":return launchForTest(ctx,requireVm(ctx));case"session":throw new Error("a session is not run by an apply");default:return assertNever(ctx.action)}}function vmOf(ctx){let vm=recordOf2(ctx)?.vm;if(vm===void 0)return;let node=ctx.inventory.vms[String(vm.vmid)]?.node??vm.node;return{vmid:vm.vmid,node,uuid:vm.uuid}}function requireVm(ctx){let vm=vmOf(ctx);if(vm===void 0)throw new StepFailed(`${ctx.worker.worker} has no VM`);return vm}async function shutDown(ctx){let vm=vmOf(ctx)??plannedVm(ctx)??requireVm(ctx),{worker}=ctx.worker,working=ctx.plan.options.force.includes(worker)?[]:await ctx.care?.collect(ctx,vm);if(working!==void 0&&working.length>0)throw new StillWorking(worker,working);await powerOff(ctx,vm,isBusy(targetOf(ctx,vm))),await changeRecord(ctx,clearDoing)}async function destroy(ctx){let recorded=vmOf(ctx),vm=recorded??plannedVm(ctx),isUnmarked=recorded===void 0&&recordOf2(ctx)!==void 0;vm!==void 0&&(await powerOff(ctx,vm,isBusy(targetOf(ctx,vm))),await deleteVm(ctx,vm,isUnmarked?"card":"strong-and-soft"));let keep=ctx.worker.desired!==void 0;await changeRecord(ctx,(state,worker)=>keep?clearDoing(forgetVm(state,worker),worker):forgetWorker(state,worker))}function plannedVm(ctx){let{vmid,uuid,node}=ctx.worker,doing=recordOf2(ctx)?.doing;if(vmid!==void 0&&uuid!==void 0)return{vmid,uuid,node};if(!(doing?.vmid===void 0||doing.uuid===void 0))return{vmid:doing.vmid,uuid:doing.uuid,node:doing.node??node}}async function configure(ctx){let{desired,actions,reasons}=ctx.worker;desired!==void 0&&await changeState(ctx,(state,worker)=>{let isGone2=reasons.includes("vm-gone"),placed=isGone2?state:recordNode(state,worker,vmOf(ctx),desired.spec),declared=declare(ctx,placed,desired.spec),settled=actions.includes("deploy")?declared:clearDoing(declared,worker);return isGone2?forgetVm(settled,worker):settled})}async function deployOnce(ctx){let vm=vmOf(ctx);if(vm===void 0){await deploy(ctx);return}if(await isStillOurs(ctx,vm)){await update(ctx);return}await changeState(ctx,(state,worker)=>clearDoing(forgetVm(state,worker),worker)),await deploy(ctx)}async function isStillOurs(ctx,vm){if(await ctx.ports.pve.read.idIsFree(vm.vmid))return!1;try{return await requireOurs(ctx,vm),!0}catch(error){if(error instanceof NotOurs)return!1;throw error}}async function update(ctx){let vm=requireVm(ctx),target=subjectOf(ctx,vm.uuid).spec.node,placed=vm.node===target?vm:await migrate(ctx,vm,target);await converge(ctx,placed,!1),await recordMade(ctx,placed)}async function replace(ctx){let vm=vmOf(ctx);vm!==void 0&&(await powerOff(ctx,vm,isBusy(targetOf(ctx,vm))),await deleteVm(ctx,vm)),await deploy(ctx)}async function adopt(ctx){let{vmid,uuid,node,desired}=ctx.worker;if(vmid===void 0||uuid===void 0||desired===void 0)throw new Error(`the plan does not say which VM ${ctx.worker.worker} adopts`);let vm={vmid,uuid,node},config=await requireOurs(ctx,vm,"strong-and-soft"),ctime=Number(parsePropertyString(config.values.meta??"").get("ctime")),ref={...vm,...Number.isFinite(ctime)?{ctime}:{}},image={name:desired.spec.image,source:"unknown"},adopted=before=>({...before,vm:ref,image});await changeState(ctx,(state,worker)=>{let declared=declare(ctx,state,desired.spec),record=declared.workers[worker];return record===void 0?declared:putWorker(declared,worker,adopted(record))})}var LONGEST_MS=30*6e4;async function settleFormer(base){let{pve,ledger,log}=base.ports,{worker}=base.worker,doing=lookup(ledger.current().workers,worker)?.doing;if(doing===void 0||doing.run===base.run.id||doing.node===void 0)return;let running=(await pve.tasks.list(doing.node).catch(ignoreOutside)??[]).filter(task=>task.running&&task.id===String(doing.vmid)),upids=new Set([...doing.upid===void 0?[]:[doing.upid],...running.map(({upid})=>upid)]);for(let upid of upids){let message=`waiting-for-task: ${doing.step} of a run that has ended may still go on`,wait={timeout:LONGEST_MS,signal:base.interrupts.first};log.emit({kind:"note",at:sinceStart(base),message:`${worker}: ${message}`}),await pve.tasks.wait(upid,wait).catch(ignoreOutside)}}function ignoreOutside(error){if(!(error instanceof PveError||error instanceof TaskFailed||error instanceof TaskTimeout))throw error}var ASK_EVERY_MS2=1e4;async function takeLease(base){let{clock}=base.ports,deadline=clock.monotonic()+base.waitMs;for(await recordNew(base);;){let name=currentName(base),{refused}=await base.take([name]),holder=refused[0]?.holder;if(holder===void 0)return rename(base,name);let waitedMs=clock.monotonic()-(deadline-base.waitMs);if(clock.monotonic()>=deadline)return describeRun(holder);let ctx={...base,action:base.worker.actions[0]??"configure"};tellProgress(ctx,"lease",`leased by ${describeRun(holder)}`,{waitingFor:"waiting-for-lease",waitedMs,deadlineMs:base.waitMs});let pause=Math.min(ASK_EVERY_MS2,deadline-clock.monotonic());await clock.sleep(pause,base.interrupts.first).catch(()=>stopWhenInterrupted(ctx)),stopWhenInterrupted(ctx)}}async function recordNew(base){let{desired,worker,from}=base.worker;desired===void 0||from!==void 0||await base.ports.ledger.commit(state=>lookup(state.workers,worker)===void 0?declare({...base,action:"configure"},state,desired.spec):state)}function currentName(base){let{worker,from}=base.worker,{workers}=base.ports.ledger.current();return from!==void 0&&lookup(workers,worker)===void 0?from:worker}async function rename(base,name){let{worker}=base.worker;name!==worker&&await base.ports.ledger.commit(state=>renameWorker(state,name,worker))}var ASK_EVERY_MS3=1e4;async function waitForLock(base,vm){if(base.worker.held?.why!=="locked"||vm===void 0)return;let{clock}=base.ports,begun=clock.monotonic(),ctx={...base,action:base.worker.actions[0]??"configure"};for(;;){let lock=await lockOf(base,vm),waitedMs=clock.monotonic()-begun;if(lock===void 0||waitedMs>=base.waitMs)return lock;tellProgress(ctx,"lock",`vm ${vm.vmid} is locked (${lock})`,{waitingFor:`waiting-for-lock(${lock})`,waitedMs,deadlineMs:base.waitMs});let pause=Math.min(ASK_EVERY_MS3,base.waitMs-waitedMs);await clock.sleep(pause,base.interrupts.first).catch(()=>stopWhenInterrupted(ctx))}}async function lockOf({ports},{node,vmid}){try{return(await ports.pve.read.status(node,vmid)).lock}catch(error){if(error instanceof PveError)return;throw error}}async function runWorker(base,confirm2){let begun=base.ports.clock.monotonic(),ended=part=>({...summary(base),tookMs:base.ports.clock.monotonic()-begun,...part});try{stopWhenInterrupted({...base,action:"configure"});let lease=await takeLease(base);return lease!==void 0?ended({result:"held",error:`leased by ${lease}`,remedy:"Apply again when it has ended, or wait for it with --wait."}):await confirmAndRun(base,confirm2,ended)}catch(error){return error instanceof StillWorking?ended({result:"held",error:`leased: ${error.message}`,remedy:"Apply again when it has ended; or end it:  muster sessions stop ID"}):ended(await failed(base,error))}finally{await release(base)}}async function confirmAndRun(base,confirm2,ended){await settleFormer(base);let state=base.ports.ledger.current(),vm=lookup(state.workers,base.worker.worker)?.vm??madeVm(base,state),lock=await waitForLock(base,vm);if(lock!==void 0)return ended({result:"held",error:`locked: lock ${lock}`,remedy:`Apply again when its ${lock} has ended, or wait longer.`});let inventory=await freshInventory(base.ports.pve,base.inventory,vm),verdict=confirm2(base.worker,state,inventory);if(verdict.kind==="done")return ended({result:"done"});if(verdict.kind==="stale")return ended({result:"stale",error:"it is not as it was when this was planned",detail:verdict.differences,remedy:"Plan again."});let performed=await runActions({...base,inventory,worker:verdict.worker});return ended({...summary(base),result:"done",...performed})}function madeVm(base,state){let doing=lookup(state.workers,base.worker.worker)?.doing,vmid=doing?.vmid??(base.worker.uuid===void 0?void 0:base.worker.vmid);return vmid===void 0?void 0:{vmid,node:doing?.node??base.worker.node}}async function runActions(base){let performed={};for(let action of base.worker.actions){let ctx={...base,action};stopWhenInterrupted(ctx);let begun=sinceStart(base),{worker}=base.worker;base.ports.log.emit({kind:"action-start",at:begun,worker,action,message:startWords(base.worker,action)});try{performed={...performed,...await perform(ctx)}}catch(error){let at2=sinceStart(base);throw error instanceof Error&&base.ports.log.emit({kind:"action-failed",at:at2,worker,action,tookMs:at2-begun,error:error.message}),error}let at=sinceStart(base);base.ports.log.emit({kind:"action-done",at,worker,action,tookMs:at-begun})}return performed}function startWords(worker,action){let vm=worker.vmid===void 0?"":`, vm ${worker.vmid}`;return`${action} on ${worker.node}${vm}`}function summary(base){let{worker,actions,node}=base.worker,record=lookup(base.ports.ledger.current().workers,worker),vmid=record?.vm?.vmid;return{worker,actions,node:record?.vm?.node??node,status:statusNow(base,vmid),...vmid===void 0?{}:{vmid}}}function statusNow(base,vmid){return vmid===void 0?"Configured":base.running.has(base.worker.worker)?"Testing":"Shut Down"}async function failed(base,error){if(error instanceof Interrupted||base.interrupts.second.aborted)return{result:"interrupted"};let{worker}=base.worker;if(error instanceof ChangedMeanwhile)return await base.ports.ledger.commit(state=>clearDoing(state,worker)),{result:"stale",error:error.message,detail:error.differences,remedy:"Plan again."};if(!isOutside(error))throw error;return await base.ports.ledger.commit(state=>lookup(state.workers,worker)?.doing===void 0?state:setDoingError(state,worker,error.message)).catch(()=>{}),{result:"failed",error:error.message,...details(error)}}function isOutside(error){return error instanceof PveError||error instanceof TaskFailed||error instanceof TaskTimeout||error instanceof WaitTimeout||error instanceof NotOurs||error instanceof Fenced||error instanceof DiagnosticsError||error instanceof StepFailed||error instanceof GuestError||error instanceof VmidTaken}function details(error){if(error instanceof TaskFailed)return{detail:error.log,remedy:"Mend what the task says, then apply again: it goes on where it stopped."};if(error instanceof NotOurs)return{remedy:"Plan again: the next plan says whose it is."};if(error instanceof DiagnosticsError){let remedy=error.diagnostics.find(diagnostic=>diagnostic.remedy!==void 0)?.remedy;return remedy===void 0?{}:{remedy}}return{remedy:"Apply again: it goes on where it stopped."}}async function release(base){base.interrupts.second.aborted||await base.ports.ledger.commit(state=>releaseLeases(state,base.run.id,[base.worker.worker])).catch(error=>{if(!(error instanceof Error))throw error})}async function applyPlan(input){let{plan,ports,interrupts}=input,startedAt=ports.clock.monotonic();await rememberCluster(input);let shared={lanes:createLanes(),running:new Set,failed:new Set},outcomes=await allOf(inOrder2(plan).map(worker=>runInLane(input,worker,startedAt,shared)));return{run:input.run.id,outcomes:outcomes.sort((a,b)=>byCodeUnit(a.worker,b.worker)),interrupted:interrupts.first.aborted||interrupts.second.aborted,leftRunning:[...shared.running].sort(byCodeUnit),tookMs:ports.clock.monotonic()-startedAt}}async function allOf(runs){return(await Promise.allSettled(runs)).map(result=>{if(result.status==="rejected")throw result.reason;return result.value})}function inOrder2(plan){let rank=({actions})=>{let first=strongest(actions);return first===void 0?BY_STRENGTH.length:BY_STRENGTH.indexOf(first)};return plan.workers.filter(({actions})=>actions.length>0).sort((a,b)=>heldLast(a)-heldLast(b)||rank(a)-rank(b)||byCodeUnit(a.worker,b.worker))}function heldLast({held}){return held===void 0?0:1}async function runInLane(input,worker,startedAt,shared){let{plan,ports}=input,mayWait=isWaitable(worker)&&input.options.waitMs>0;return worker.held!==void 0&&!mayWait?heldOutcome(input,worker):shared.lanes.within(lanesOf(plan,worker),async()=>{let[culprit]=shared.failed;if(culprit!==void 0&&input.options.onError==="stop"){let why=`${culprit} failed, and --on-error is stop`;return ports.log.emit({kind:"skipped",at:ports.clock.monotonic()-startedAt,worker:worker.worker,why}),{...heldOutcome(input,worker),result:"skipped",error:why}}let base={ports,run:input.run,plan,inventory:input.inventory,worker,planDigest:workerDigest(worker),lanes:shared.lanes,running:shared.running,interrupts:input.interrupts,take:input.take,waitMs:input.options.waitMs,startedAt,...input.care===void 0?{}:{care:input.care}},outcome=await runWorker(base,input.confirm);return outcome.result==="failed"&&shared.failed.add(worker.worker),outcome})}function isWaitable({held}){return held?.why==="leased"||held?.why==="locked"}function lanesOf(plan,worker){if(worker.actions.every(action=>action==="configure"||action==="forget"))return[];let{parallelism,perNode}=plan.limits;return[...worker.actions.includes("replace")?[{key:`replace ${worker.node}`,room:1}]:[],{key:`node ${worker.node}`,room:perNode},{key:"all",room:parallelism}]}function heldOutcome({ports},worker){let{vm}=ports.ledger.current().workers[worker.worker]??{},{held}=worker;return{worker:worker.worker,actions:worker.actions,result:"held",status:vm===void 0?"Configured":"Shut Down",node:worker.node,...vm===void 0?{}:{vmid:vm.vmid},...held===void 0?{}:{error:`${held.why}: ${held.by}`},...held?.remedy===void 0?{}:{remedy:held.remedy},tookMs:0}}async function rememberCluster({ports,inventory}){let nodes=Object.fromEntries(Object.entries(inventory.nodes).filter(([,{cpus}])=>cpus>0).map(([name2,{cpus,memory}])=>[name2,{cpus,memory}])),{name}=inventory.cluster;await ports.ledger.commit(state=>recordNodes(state,{...state.nodes,...nodes},name===void 0?state.cluster:{name}))}function fencedPve(pve,run){let guarded=send=>async(...args)=>(run.mayStart(WRITE_DEADLINE_MS),send(...args)),{write}=pve,fenced={clone:guarded(write.clone),create:guarded(write.create),setConfig:guarded(write.setConfig),resize:guarded(write.resize),moveDisk:guarded(write.moveDisk),migrate:guarded(write.migrate),start:guarded(write.start),shutdown:guarded(write.shutdown),stop:guarded(write.stop),destroy:guarded(write.destroy),downloadImage:guarded(write.downloadImage),regenerateCloudInit:guarded(write.regenerateCloudInit),setPool:guarded(write.setPool)};return{...pve,write:fenced}}async function closeDeadSessions(input){let{ports}=input,state=ports.ledger.current(),expired=deadSessions(state,timeOf(input)).map(({id})=>id),closed=[];for(let id of[...new Set([...expired,...input.dead])].sort()){let session=lookup(ports.ledger.current().sessions,id);session?.kind==="live"&&await close(input,session)&&closed.push(id)}return closed}async function close(input,session){let{ports,take:take2}=input,open=Object.keys(session.workers).filter(name=>lookup(session.workers,name)?.endedAt===void 0),{workers}=ports.ledger.current(),{refused}=await take2(open.filter(name=>lookup(workers,name)!==void 0)),free=open.filter(name=>!refused.some(({worker})=>worker===name)),off=[];for(let name of free)await isOff(input,lookup(workers,name)?.vm)&&off.push(name);let isOver=!1;return await ports.ledger.commit(before=>{let now=timeOf(input),next=off.reduce((state,name)=>endWorkerOf(state,session.id,name,now),before);return isOver=Object.values(requireLive(next,session.id).workers).every(({endedAt})=>endedAt!==void 0),isOver?finishSession(loseAll(next,session.id,now),session.id,now,!0):next}),isOver}function endWorkerOf(state,id,worker,now){return endWorker(loseAttempts(state,id,worker,now),id,worker,now)}function loseAll(state,id,now){return Object.keys(requireLive(state,id).workers).reduce((next,name)=>loseAttempts(next,id,name,now),state)}async function isOff({ports},vm){if(vm===void 0)return!0;let{read}=ports.pve;try{return(await read.status(vm.node,vm.vmid)).status==="stopped"}catch(error){if(isVmMissing(error))return read.idIsFree(vm.vmid);if(error instanceof PveError)return!1;throw error}}function timeOf({ports}){return Math.round(ports.pve.clusterTime()??ports.clock.now())}var MAX_TRIES2=40;async function openLedger(options){return new GroupCommit(options,await readSnapshot(options))}var GroupCommit=class{#options;#latest;#isStale=!1;#isPumping=!1;#queue=[];constructor(options,latest){this.#options=options,this.#latest=latest}current=()=>this.#latest.state;commit=change=>this.#enqueue(change);refresh=()=>this.#enqueue(void 0);#enqueue(change){return new Promise((resolve,reject)=>{this.#queue.push({change,resolve,reject}),this.#pump()})}async#pump(){if(!this.#isPumping){for(this.#isPumping=!0,await Promise.resolve();this.#queue.length>0;){let group=this.#queue;this.#queue=[],await this.#settle(group)}this.#isPumping=!1}}async#settle(group){try{let wantsFresh=group.some(({change})=>change===void 0);(this.#isStale||wantsFresh)&&await this.#read();let{state,failures}=await this.#write(group);for(let queued of group)failures.has(queued)?queued.reject(failures.get(queued)):queued.resolve(state)}catch(error){this.#isStale=!0;for(let{reject}of group)reject(error)}}async#write(group){let{store,clock,runId}=this.#options;for(let tries=1;;tries+=1){let base=this.#latest,applied=applyAll(group,base.state);if(sameJson(applied.state,base.state))return{...applied,state:base.state};let next={...applied.state,serial:base.state.serial+1},result=await store.write(next,base.revision);if(result.kind==="written")return this.#latest={state:next,revision:result.revision},{...applied,state:next};if(tries>=MAX_TRIES2)throw new StateMoved(store.where);tries>1&&await clock.sleep(pauseBefore(tries,runId)),await this.#read()}}async#read(){this.#latest=await readSnapshot(this.#options,this.#latest),this.#isStale=!1}};function applyAll(group,base){let failures=new Map,state=base;for(let queued of group)try{state=keepIdentity(queued.change?.(state)??state,base)}catch(error){failures.set(queued,error)}return{state,failures}}function keepIdentity(next,base){for(let key of["format","lineage","serial","project","environment"])if(next[key]!==base[key])throw new Error(`a change must not touch the state's ${key}`);return next}async function readSnapshot(options,before){let{store,initial}=options,{state,revision}=await store.read(),expected=before?.state??initial();if(state===void 0){if(expected.serial>0)throw stateRemoved(store.where);return{state:expected,revision}}for(let key of["project","environment"])if(state[key]!==expected[key])throw foreignState(store.where,key,expected[key],state[key]);if(expected.serial>0&&state.lineage!==expected.lineage)throw foreignState(store.where,"lineage",expected.lineage,state.lineage);return{state,revision}}function pauseBefore(tries,runId){let spread=Number.parseInt(digestOf([runId,tries]).slice(0,6),16)/16777215;return Math.min(2*tries,25)*(.5+spread)}var RETRY_MS=5e3;async function startRun(options){let{ledger,clock,run}=options,acknowledged=acknowledgements(clock),ended=new AbortController,lost=new AbortController;await register(options,acknowledged);let commit=beatingCommit(options,acknowledged,error=>{ended.signal.aborted||lost.abort(error)}),renew=async()=>{await commit(state=>state,!0)},heartbeat=keepBeating(options,acknowledged,renew,ended.signal);return{id:run.id,ledger:{current:ledger.current,refresh:ledger.refresh,commit:change=>commit(change)},mayStart:deadlineMs=>{if(lost.signal.aborted)throw lost.signal.reason;requireTime(run,acknowledged.age(),deadlineMs)},lost:lost.signal,renew,abandon:async()=>{ended.abort(),await heartbeat},end:async()=>{ended.abort(),await heartbeat,await ledger.commit(state=>dropExpiredRuns(endRun(state,run.id),clusterNow2(options)))}}}async function register(options,acknowledged){let sent=acknowledged.mark();await options.ledger.commit(state=>{let now=clusterNow2(options);return registerRun(state,{...options.run,beat:now,startedAt:now})}),acknowledged.confirm(sent)}function beatingCommit(options,acknowledged,onFenced){let{ledger,run}=options;return async(change,always=!1)=>{let sent,beatWith=before=>{requireRun(before,run.id);let after=change(before),isBeat=always||!sameJson(after,before);return sent=isBeat?acknowledged.mark():void 0,isBeat?beatIfRegistered(after,run.id,clusterNow2(options)):before},state=await ledger.commit(beatWith).catch(error=>{throw error instanceof Fenced&&onFenced(error),error});return sent!==void 0&&acknowledged.confirm(sent),state}}function acknowledgements(clock){let mark=()=>({monotonic:clock.monotonic(),wall:clock.now()}),last=mark();return{mark,confirm:sent=>{sent.monotonic>=last.monotonic&&(last=sent)},age:()=>Math.max(clock.monotonic()-last.monotonic,clock.now()-last.wall)}}async function keepBeating(options,acknowledged,renew,stop){let{clock,onTrouble}=options,pause=BEAT_EVERY_MS;for(;!stop.aborted;){if(await clock.sleep(pause,stop).catch(ignoreAbort(stop)),stop.aborted)return;if(pause=BEAT_EVERY_MS-acknowledged.age(),!(pause>0))try{await renew(),pause=BEAT_EVERY_MS}catch(error){if(error instanceof Fenced)return;onTrouble?.(error),pause=RETRY_MS}}}function ignoreAbort(signal){return error=>{if(!signal.aborted)throw error}}function beatIfRegistered(state,runId,now){return Object.hasOwn(state.runs,runId)?beat(state,runId,now):state}function clusterNow2(options){let time=options.clusterTime();if(time===void 0)throw new Error("a run needs the cluster time: ask the cluster first");return Math.floor(time)}function requireTime(run,ageMs,deadlineMs){let ttl=RUN_TTL_MS[run.kind];if(!(ageMs+deadlineMs<ttl))throw new Fenced(`run ${run.id} may start nothing new: its last saved beat is ${Math.round(ageMs/1e3)} s old, and after ${ttl/1e3} s another run may take over`)}async function takeWorkers(options){let{ledger,watch,clock,signal}=options,takenFrom=new Map;await watch.observe(await ledger.refresh());for(let tries=1;;tries+=1){let{before,taken}=await tryTake(options);for(let run of losers(before,taken.state,options.workers))takenFrom.set(run.id,run);let suspects=taken.refused.map(({holder})=>holder),ms=watchTime(watch,suspects);if(ms===void 0||tries===MAX_TRIES3)return waitOut(options,{...taken,takenFrom:[...takenFrom.values()]});options.onWait?.(suspects,ms),await clock.sleep(ms,signal),await watch.observe(await ledger.refresh())}}var MAX_TRIES3=3;async function tryTake(options){let{ledger,runId,workers,watch}=options,last,state=await ledger.commit(before=>{let taken=takeLeases(before,runId,workers,run=>watch.verdict(run).kind==="dead");return last={before,taken},taken.state});if(last===void 0)throw new Error("the change was not applied");return{before:last.before,taken:{...last.taken,state}}}function watchTime(watch,runs){let waits=runs.map(run=>watch.verdict(run)).filter(({kind})=>kind==="expired");if(waits.length!==0)return Math.max(...waits.map(verdict=>verdict.kind==="expired"?verdict.waitMs:0))}async function waitOut(options,taken){let sudden=taken.takenFrom.filter(run=>{let verdict=options.watch.verdict(run);return verdict.kind==="dead"&&verdict.by==="pid"&&hasUnanswered(taken.state,run,options.workers)});return sudden.length===0?taken:(options.onWait?.(sudden,options.requestDeadlineMs),await options.clock.sleep(options.requestDeadlineMs,options.signal),{...taken,state:await options.ledger.refresh()})}function hasUnanswered(state,run,workers){return workers.some(name=>{let doing=lookup(state.workers,name)?.doing;return doing!==void 0&&doing.run===run.id&&doing.upid===void 0})}function losers(before,after,workers){let lost=workers.flatMap(name=>{let from=lookup(before.workers,name)?.lease?.run;return from===void 0||from===lookup(after.workers,name)?.lease?.run?[]:[from]});return[...new Set(lost)].flatMap(id=>lookup(before.runs,id)??[])}function watchRuns(options){let{clock,clusterTime,processes}=options,sightings=new Map,deadPids=new Set,observePid=async run=>{let known=processes===void 0?void 0:await pidKnowledge(processes,run.pid);deadByPid(run,known)==="dead"&&deadPids.add(run.id)};return{observe:async state=>{let now=clock.monotonic();for(let run of Object.values(state.runs))sightings.get(run.id)?.beat!==run.beat&&sightings.set(run.id,{beat:run.beat,since:now});await Promise.all(Object.values(state.runs).map(observePid))},verdict:run=>{if(deadPids.has(run.id))return{kind:"dead",by:"pid"};let now=clusterTime();if(now===void 0||!isExpired(run,now))return{kind:"alive"};let seen=sightings.get(run.id),stood=seen?.beat===run.beat?clock.monotonic()-seen.since:0;return stood>=UNCHANGED_MS?{kind:"dead",by:"beat"}:{kind:"expired",waitMs:UNCHANGED_MS-stood}}}}async function execute(invocation,assembled,plan,options){let{lineage,log,onError,waitMs}=options,{inventory}=assembled;return withRun(invocation,assembled,{plan,kind:"apply",lineage,log},async parts=>{let result=await applyPlan({...parts,...{plan,inventory,confirm,options:{onError,waitMs}},care:sessionCare});return result.interrupted||await closeDead(assembled,parts,result.tookMs),result})}async function closeDead(assembled,parts,at){let closed=await closeDeadSessions({...parts,dead:lostSessions(assembled)}),{log}=parts.ports;for(let id of closed)log.emit({kind:"note",at,message:`session ${id} was lost, and is closed as interrupted`})}function lostSessions({state,inventory}){return deadSessions(state,inventory.cluster.time).map(({id})=>id)}async function withRun(invocation,assembled,start,work){let{context}=invocation,{clock,random,interrupts}=context,{log}=start,run=await register2(invocation,assembled,start);try{return await work({ports:{pve:fencedPve(assembled.pve,run),ledger:run.ledger,clock,random,log},run,take:taking(invocation,assembled,run,log),interrupts:{...interrupts,second:AbortSignal.any([interrupts.second,run.lost])}})}finally{await(context.interrupts.second.aborted?run.abandon():run.end())}}async function register2({context},{store,pve,project},{plan,kind,lineage}){let{clock,random}=context,{project:name,environment}=project.declaration,id=random.uuid(),ledger=await openLedger({store,initial:()=>emptyState(lineage,name,environment),runId:id,clock}),facts=await readProcessFacts(context.processes);return startRun({ledger,clock,clusterTime:()=>pve.clusterTime(),run:{id,kind,...facts,planDigest:plan.reviewDigest}})}function taking({context},{pve},run,log){let{clock,processes,interrupts}=context,startedAt=clock.monotonic(),onWait=(suspects,ms)=>log.emit({kind:"note",at:clock.monotonic()-startedAt,message:takeOver(suspects,ms)}),watch=watchRuns({clock,clusterTime:()=>pve.clusterTime(),processes});return workers=>takeWorkers({ledger:run.ledger,runId:run.id,workers,watch,clock,requestDeadlineMs:WRITE_DEADLINE_MS,signal:interrupts.first,onWait})}function takeOver(suspects,ms){let names=[...new Set(suspects.map(({who,pid})=>`${who}, pid ${pid}`))];return`${`waiting-for-dead-run, ${formatDuration(ms)}`}: what the run that died (${names.join("; ")}) asked of Proxmox may still happen`}var TIME=6,STEP=12,LONGEST_STEP=30;function eventLines(event,columns){switch(event.kind){case"action-start":case"action-done":return[];case"progress":return entry(event,event.step,progressWords(event),columns);case"step-done":{let joint=event.message.startsWith('at "')?" ":": ",message=event.failed===!0?`FAILED${joint}${event.message}`:event.message;return entry(event,event.step,message,columns,event.detail)}case"action-failed":{let remedy=event.remedy===void 0?[]:[event.remedy],message=`FAILED after ${formatDuration(event.tookMs)}: ${event.error}`;return entry(event,event.action,message,columns,remedy)}case"skipped":return entry(event,"skipped",event.why,columns);case"warning":return entry({at:event.at,worker:event.worker??""},"warning",event.message,columns);case"note":return entry({at:event.at,worker:""},"",event.message,columns);case"item-start":case"item-done":return entry(event,event.item,sessionEventWords(event),columns);case"item-failed":{let last=event.lastLine===void 0?[]:[`last line: ${JSON.stringify(event.lastLine)}`];return entry(event,event.item,sessionEventWords(event),columns,last)}default:return assertNever(event)}}function progressWords(event){if(event.waitingFor===void 0)return event.message;let waited=event.waitedMs===void 0?"":`, ${formatDuration(event.waitedMs)}`,limit=event.deadlineMs===void 0?"":` of ${formatDuration(event.deadlineMs)}`,extra=event.message===""||event.message===event.waitingFor?"":`: ${event.message}`;return`${event.waitingFor}${waited}${limit}${extra}`}function lineHead(at,worker,step2,columns){let name=padEnd(escapeTerminal(worker),columns.worker),time=columns.startedAt===void 0?padStart(elapsed(at),TIME):new Date(columns.startedAt+at).toISOString().slice(11,19),what=clip(escapeTerminal(step2),LONGEST_STEP);return`${time}  ${name}  ${padEnd(`${what} `,STEP)}`}function entry({at,worker},step2,message,columns,detail=[]){let head=lineHead(at,worker,step2,columns),indent=widthOf(head),width=Math.max(30,100-indent),[first="",...more]=wrap(escapeTerminal(message),width),below=[...more,...detail.flatMap(line=>wrap(escapeTerminal(line),width))];return[`${head}${first}`.trimEnd(),...below.map(line=>" ".repeat(indent)+line)]}var NOTHING_LIVE={busy:{}};function nextLive(state,event){switch(event.kind){case"progress":{let before=state.busy[event.worker],since=before?.step===event.step?before.since:event.at,busy={step:event.step,words:progressWords(event),since};return{state:withWorker(state,event.worker,busy),scroll:!1}}case"action-start":{let busy={step:event.action,words:event.message,since:event.at};return{state:withWorker(state,event.worker,busy),scroll:!1}}case"action-done":case"action-failed":case"skipped":{let{[event.worker]:_ended,...busy}=state.busy;return{state:{busy},scroll:!0}}default:return{state,scroll:!0}}}function liveLines(state,atMs,columns,terminal){let entries=Object.entries(state.busy).sort(([,a],[,b])=>a.since-b.since),shown=entries.slice(0,terminal.rows),lines2=shown.map(([worker,busy])=>{let head=lineHead(atMs-busy.since,worker,busy.step,columns);return clip(`${head}${escapeTerminal(busy.words)}`,terminal.columns-1)}),rest=entries.length-shown.length;return rest>0?[...lines2,`        and ${rest} more`]:lines2}function withWorker(state,worker,busy){return{busy:{...state.busy,[worker]:busy}}}function tellOrNot(event,told){if(event.kind!=="progress"||event.waitingFor===void 0)return{tell:!0,told};let last=told[event.worker],reason=`${event.step} ${event.waitingFor}`;return last?.reason===reason&&event.at-last.at<3e4?{tell:!1,told}:{tell:!0,told:{...told,[event.worker]:{reason,at:event.at}}}}var REDRAW_MS=500,MOST_ROWS=12;function openRunLog(options){return options.json?jsonLog(options):options.stdout.isTTY?liveLog(options):plainLog(options)}function jsonLog({stdout}){return{emit:event=>stdout.write(`${jsonLine(eventMessage(event))}
`),end:async()=>{}}}function plainLog({stdout,columns}){let told={},isEmpty=!0;return{emit:event=>{let next=tellOrNot(event,told);told=next.told;let text2=next.tell?lines(eventLines(event,columns)):"";text2!==""&&(isEmpty=!1,stdout.write(text2))},end:async()=>{isEmpty||stdout.write(`
`)}}}function liveLog({stdout,clock,columns}){let startedAt=clock.monotonic(),stop=new AbortController,state=NOTHING_LIVE,drawn=0,isEmpty=!0,draw=above=>{let terminal={columns:usableWidth(stdout.columns),rows:MOST_ROWS},block=liveLines(state,clock.monotonic()-startedAt,columns,terminal);stdout.write(`${eraseLines(drawn)}${lines(above)}${lines(block)}`),drawn=block.length},ticking=tick(clock,stop.signal,()=>{drawn>0&&draw([])});return{emit:event=>{let next=nextLive(state,event);state=next.state;let above=next.scroll?eventLines(event,columns):[];above.length>0&&(isEmpty=!1),draw(above)},end:async()=>{stop.abort(),await ticking,state=NOTHING_LIVE,draw(isEmpty?[]:[""])}}}function usableWidth(columns){return columns===void 0||columns<20?80:columns}async function tick(clock,signal,redraw){for(;!signal.aborted;)await clock.sleep(REDRAW_MS,signal).catch(()=>{}),signal.aborted||redraw()}function eraseLines(count){return count===0?"":`\x1B[${count}A\x1B[0J`}function lines(texts){return texts.map(text2=>`${text2}
`).join("")}export{workerDigest,confirm,createLanes,StillWorking,Interrupted,freshInventory,requireOurs,agentTrouble,launchGuest,beatGuest,startItem,pollItem,stopItem,powerOff,launch,actorOf,targetOf,isBusy,perform,endingOf,lastLineOf,isOutsideFailure,sessionCare,collectOne,execute,lostSessions,withRun,openRunLog};
