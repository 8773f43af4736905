// The conversation as a text file, for the customer to keep.
import { element } from "./elements.js";

export function download(log, root) {
  const lines = [...log.children].map(written).filter(Boolean);
  const address = URL.createObjectURL(new Blob([lines.join("\n\n") + "\n"], { type: "text/plain;charset=utf-8" }));
  const link = element("a", { href: address, download: `floorwalker-${new Date().toISOString().slice(0, 10)}.txt`, hidden: true });
  root.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// written is a line of the log in words.
function written(line) {
  const part = (node, name) => node.querySelector(name)?.textContent ?? "";
  if (line.classList.contains("message")) {
    const note = part(line, ".note");
    return `[${line.querySelector("time")?.dateTime ?? ""}] ${part(line, ".hidden")}${part(line, ".text")}${note ? ` (${note})` : ""}`;
  }
  if (line.classList.contains("shelf")) return [...line.querySelectorAll(".card")].map(card => `- ${part(card, "h3")}, ${part(card, ".price")}`).join("\n");
  return line.classList.contains("event") ? line.textContent : "";
}
