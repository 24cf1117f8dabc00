const require = process.getBuiltinModule;
var EXIT_CODES={interrupted:130,impossible:1,locked:4,refused:6,stale:3,incomplete:5,itemsFailed:8,testsFailed:7,changes:2},ORDER=Object.keys(EXIT_CODES);function exitCodeOf(verdicts){let first=ORDER.find(verdict=>verdicts[verdict]===!0);return first===void 0?0:EXIT_CODES[first]}export{EXIT_CODES,exitCodeOf};
