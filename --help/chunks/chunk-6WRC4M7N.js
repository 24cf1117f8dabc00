const require = process.getBuiltinModule;
function assertNever(value){throw new Error(`Unexpected value: ${JSON.stringify(value)}`)}export{assertNever};
