const require = process.getBuiltinModule;
function isCi(env){let text=env.CI?.trim()??"";return text!==""&&text!=="false"&&text!=="0"}export{isCi};
