const require = process.getBuiltinModule;
var ENTITIES={"&":"&amp;","<":"&lt;",">":"&gt;",'"':"&quot;","'":"&apos;","\n":"&#10;","\r":"&#13;","	":"&#9;"};function escapeXml(text){return text.replace(new RegExp("[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]|\\p{Cs}","gu"),"\uFFFD").replace(/[&<>"'\n\r\t]/g,character=>ENTITIES[character]??character)}export{escapeXml};
