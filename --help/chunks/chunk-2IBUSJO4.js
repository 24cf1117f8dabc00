const require = process.getBuiltinModule;
var UNSAFE=/[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;function jsonLine(value){return safe(JSON.stringify(value))}function jsonDocument(value){return`${safe(JSON.stringify(value,null,2))}
`}function safe(json){return json.replace(UNSAFE,character=>`\\u${character.charCodeAt(0).toString(16).padStart(4,"0")}`)}export{jsonLine,jsonDocument};
