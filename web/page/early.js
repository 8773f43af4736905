// What floorwalker.js gives to launcher.js: the brief, and what opens the chat. It is not a function that is exported
// there, as what is exported by a module that comes later is listed by names, to which an unkind page may have added.
export const early = {};
