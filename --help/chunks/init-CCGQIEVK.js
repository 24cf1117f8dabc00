const require = process.getBuiltinModule;
import{pveSpecOf}from"./chunk-RQWPK57Y.js";import"./chunk-P2XYXEIY.js";import{textOf}from"./chunk-FFQNL2E7.js";import{byCodeUnit}from"./chunk-PSS7WRS7.js";import{escapeTerminal}from"./chunk-SZN4MUV5.js";import"./chunk-W4TO6OOO.js";import"./chunk-OGYV3SEK.js";import"./chunk-JQJA56UK.js";import{join}from"node:path";function starterDeclaration(options){let{project,endpoint,fingerprint,template={name:"debian-13"}}=options,{storage="local-lvm",vmids={from:9100,to:9199}}=options;return`# Backup workers on Proxmox VE. See what would be done with "muster plan", do it with "muster apply".
#
# For completion in your editor: muster schema > declaration.schema.json, and this as the first line:
# # yaml-language-server: $schema=declaration.schema.json
muster: 1
project: ${quoted(project)}

cluster:
  endpoint: ${quoted(endpoint)}${endpoint==="simulator"?"                # or https://pve1.example.net:8006":""}
${fingerprint===void 0?"":`  tls: { fingerprint: ${quoted(fingerprint)} }
`}  vmids: { from: ${vmids.from}, to: ${vmids.to} }       # new VMs take their ids from here

images:
  debian-13:
    template: ${typeof template=="number"?template:`{ name: ${quoted(template.name)} }`}    # must hold the QEMU guest agent

# Where backups go: every worker tests that it reaches it.
# repositories:
#   pbs-main:
#     address: pbs.example.net:8007
#     maxConcurrent: 8

defaults:
  image: debian-13
  storage: ${quoted(storage)}

${workers(options.nodes)}
# What a night's work is. Secrets come from the environment.
# sessions:
#   nightly:
#     kind: backup
#     items:
#       - forEachVm: { pool: production }
#         name: "vm-\${vm.id}"
#         run: [/usr/local/bin/backup-vm, "\${vm.id}"]
#         repository: pbs-main

guards: { maxDestroy: 1, maxReplace: 1 }   # a plan that wants more is refused
`}var STARTER_GITIGNORE=`# The state belongs to the machine or backend that applies, not into the repository.
muster*.state.json*
.muster/
*.plan
`;function workers(nodes){return nodes===void 0||nodes.length===0?`# One worker on every node; a node that joins the cluster gets one too.
workerSets:
  everywhere:
    nodes: all
    name: "backup-\${node}"
    worker: { slots: 4 }
`:`workers:
${nodes.map(node=>`  ${quoted(`backup-${node}`)}: { node: ${quoted(node)}, slots: 4 }`).join(`
`)}
`}function quoted(text){return/^[A-Za-z][A-Za-z0-9._-]*$/.test(text)&&!/^(true|false|null|yes|no|on|off)$/i.test(text)?text:JSON.stringify(text)}function proposalFor(list){let nodes=Object.keys(list.nodes).sort(byCodeUnit),template=templateOf(list),storage=storageOf(list,nodes);return{nodes,...template===void 0?{}:{template},...storage===void 0?{}:{storage},vmids:freeRange(list,nodes.length)}}function templateOf(list){let templates=list.vms.filter(vm=>vm.kind==="qemu"&&vm.template).sort((a,b)=>a.vmid-b.vmid),names=templates.flatMap(({name:name2})=>name2??[]),copies=name2=>names.filter(each=>each===name2).length,[name]=[...new Set(names)].sort((a,b)=>copies(b)-copies(a));return name===void 0?templates[0]?.vmid:{name}}function storageOf(list,nodes){let usable=list.storages.filter(({node,enabled,content})=>enabled&&content.includes("images")&&nodes.includes(node)),names=[...new Set(usable.map(({storage})=>storage))].sort(byCodeUnit),reach=name=>usable.filter(({storage})=>storage===name).length;return names.sort((a,b)=>reach(b)-reach(a))[0]}function freeRange(list,wanted){let taken=list.vms.map(({vmid})=>vmid),size=Math.max(100,Math.ceil(wanted/100)*100),from=9100;for(;taken.some(id=>id>=from&&id<from+size);)from+=size;return{from,to:from+size-1}}var PROJECT_FILE="muster.yaml",PROJECT="backup";async function runInit(invocation){let{context,globals,flags}=invocation,files=context.files(globals.root);if(await files.read(PROJECT_FILE)!==void 0){let path=escapeTerminal(join(globals.root,PROJECT_FILE));return context.stdout.write(`${path} exists already and stays as it is.
Next     muster plan
`),0}let endpoint=textOf(flags,"endpoint"),text=endpoint===void 0?starterDeclaration({project:PROJECT,endpoint:"simulator"}):await proposed(invocation,endpoint);await files.write(PROJECT_FILE,text,420);let written=[PROJECT_FILE];return await files.read(".gitignore")===void 0&&(await files.write(".gitignore",STARTER_GITIGNORE,420),written.push(".gitignore")),context.stdout.write(`Wrote ${written.join(" and ")}.
Next     ${globals.program} plan
`),0}async function proposed({context,globals},endpoint){let cluster={endpoints:[],tls:{fingerprints:[]},vmids:{from:9100,to:9199},limits:{parallelism:8,perNode:2,perStorage:2}},readCa=async path=>new TextDecoder().decode(await context.files(globals.root).read(path)??new Uint8Array),env={...context.env,MUSTER_PVE_ENDPOINT:endpoint},spec=await pveSpecOf(cluster,{env,root:globals.root,parallelism:8,readCa}),pve=await context.openPve(spec);try{let fingerprint=spec.kind==="api"?spec.tls.fingerprints[0]:void 0;return starterDeclaration({project:PROJECT,endpoint,...fingerprint===void 0?{}:{fingerprint},...proposalFor(await pve.read.cluster())})}finally{await pve.close()}}export{runInit};
