// Making elements. Children are elements or text, and text is only ever text: nothing from outside is parsed
// as HTML anywhere on the page.
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return node;
}

const svg = "http://www.w3.org/2000/svg";

// icon draws one of the page's own paths.
export function icon(path) {
  const node = document.createElementNS(svg, "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(svg, "path");
  line.setAttribute("d", path);
  node.append(line);
  return node;
}

// stepper shows a quantity with one less and one more.
export function stepper(quantity, labels, set) {
  return element("span", { class: "stepper" },
    element("button", { type: "button", "aria-label": labels.less, onclick: () => set(quantity - 1) }, "−"),
    element("output", {}, String(quantity)),
    element("button", { type: "button", "aria-label": labels.more, onclick: () => set(quantity + 1) }, "+"));
}
