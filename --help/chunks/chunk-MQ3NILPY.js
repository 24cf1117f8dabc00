const require = process.getBuiltinModule;
var DEFAULT_PLAN_OPTIONS={test:!1,destroy:!1,refreshOnly:!1,refresh:!0,prune:!1,strict:!1,target:[],exclude:[],replace:[],force:[]};export{DEFAULT_PLAN_OPTIONS};
