const require = process.getBuiltinModule;
import{PBS_FINGERPRINT,SIMULATOR_TOKEN,largeWorld,quickstartWorld}from"./chunk-IBPRWLAU.js";import"./chunk-JQJA56UK.js";export{PBS_FINGERPRINT,SIMULATOR_TOKEN,largeWorld,quickstartWorld};
