const require = process.getBuiltinModule;
import{jsonLine}from"./chunk-2IBUSJO4.js";import"./chunk-JQJA56UK.js";async function runVersion({context,globals}){let{version,stdout}=context;return stdout.write(globals.json?`${jsonLine({muster:version})}
`:`muster ${version}
`),0}export{runVersion};
