// Addresses in what the assistant, people at the desk and articles say: a link where the shop lets links lead, else text.
// What is written is what is shown, so no link leads elsewhere than it says.
import { element } from "./elements.js";

const addresses = /https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]+/gi;

export class Links {
  allowed = ""; // the origins, one a line

  // allow takes the origins that links may lead to; it is true where they are others than before.
  allow(origins) {
    const before = this.allowed;
    this.allowed = origins.join("\n");
    return this.allowed !== before;
  }

  // parts are the pieces of a text: text, and links.
  parts(text) {
    const parts = [];
    let at = 0;
    for (const { 0: found, index } of text.matchAll(addresses)) {
      const written = found.replace(/[.,;:!?)\]}”’»]+$/, ""), leads = this.target(written);
      if (!leads) continue;
      parts.push(text.slice(at, index), element("a", { class: "link", href: leads, target: "_blank", rel: "noopener noreferrer" }, written));
      at = index + written.length;
    }
    return [...parts, text.slice(at)].filter(part => part !== "");
  }

  // target is where the address leads, or "" where no link may.
  target(written) {
    try {
      const { href, origin, username, password } = new URL(written);
      return this.allowed.split("\n").includes(origin) && !username && !password ? href : "";
    } catch {
      return "";
    }
  }
}
