// Where this code runs. The chat works in an empty frame of its own, whose built-ins no page can have changed (see
// floorwalker.js); the console works in its own page.
export const brief = window.frameElement?.floorwalker ?? null;

// view is the window that people look at, home the origin of the shop's server.
export const view = brief ? window.parent : window;
export const home = brief ? brief.home : location.origin;

// What is asked of that window is asked by our own methods: the page may have changed its.
export const media = query => Reflect.apply(window.matchMedia, view, [query]);
export const computed = node => Reflect.apply(window.getComputedStyle, view, [node]);
export const listen = (target, event, heard) => EventTarget.prototype.addEventListener.call(target, event, heard);
