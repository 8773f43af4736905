// Making elements. Children are elements or text, and text is only ever text: nothing from outside is parsed
// as HTML anywhere on the page.
export function element(name, attributes = {}, ...children) {
  const node = kept(document.createElement(name));
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return node;
}

// kept keeps the methods that the node was made with, those of the chat's frame. A browser may forget what scripts see of
// a node that nobody holds, and makes it anew when it is asked for, with the methods of the page; not so where it has a
// property of ours.
function kept(node) {
  node.ours = true;
  return node;
}

// icon draws one of our own paths.
export function icon(path) {
  return drawing("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, drawing("path", { d: path }));
}

// emblem is our own picture.
export function emblem() {
  return drawing("svg", { class: "emblem", viewBox: "0 0 32 32", "aria-hidden": "true" },
    drawing("rect", { class: "ground", width: 32, height: 32, rx: 9 }), drawing("path", { class: "letter", d: "M10 23V9.5h10M10 16h7.5" }), drawing("circle", { class: "point", cx: 22.3, cy: 21.8, r: 3 }));
}

function drawing(name, attributes, ...children) {
  const node = kept(document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// stepper shows a quantity with one less and one more.
export function stepper(quantity, labels, set) {
  return element("span", { class: "stepper" },
    element("button", { type: "button", "aria-label": labels.less, onclick: () => set(quantity - 1) }, "−"),
    element("output", {}, String(quantity)),
    element("button", { type: "button", "aria-label": labels.more, onclick: () => set(quantity + 1) }, "+"));
}

// uuid makes a name that nobody else makes, also on pages without TLS.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
}
