const require = process.getBuiltinModule;
function isImpossible(plan){return plan.preflight.some(({result})=>result==="fail")}export{isImpossible};
