const require = process.getBuiltinModule;
function patchWord(patch){if(patch===void 0)return"not run";switch(patch.result){case"patched":return String(patch.packages.length);case"nothing":return"0";case"skipped":return"skipped";case"failed":return"FAILED"}}export{patchWord};
