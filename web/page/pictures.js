// Pictures that the customer sends: chosen, pasted or dropped, made smaller here, put to the server, and drawn where they
// stand in the conversation. They are drawn on a canvas: a page's policy may let in no picture but the shop's.
import { element } from "./elements.js";
import { t } from "./i18n.js";
import { home } from "./surroundings.js";

const longest = 1600; // points of the longer edge that is sent
const shown = 640; // points of the longer edge that is drawn
const largest = 10 << 20; // bytes that the server takes
const tries = 5; // looks for a picture before the line is given up

export class Pictures {
  attached = null; // what will go with the next message: { id, width, height } once the server has it

  // session() is the conversation with its secret, null before there is one.
  constructor(root, { session }) {
    const $ = id => root.getElementById(id);
    Object.assign(this, { session, chip: $("attached"), chosen: $("picture-file"), field: $("text") });
    $("picture").addEventListener("click", () => this.chosen.click());
    this.chosen.addEventListener("change", () => this.take(this.chosen.files[0]));
    this.field.addEventListener("paste", event => this.taken(event, event.clipboardData));
    $("panel").addEventListener("dragover", event => event.preventDefault());
    $("panel").addEventListener("drop", event => this.taken(event, event.dataTransfer));
  }

  // taken takes the picture out of what was pasted or dropped, where there is one.
  taken(event, { files }) {
    const file = [...files].find(one => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    this.take(file);
  }

  // take puts a file to the server; what it is told becomes of the picture.
  async take(file) {
    this.chosen.value = "";
    if (!file) return;
    const now = this.now = {};
    this.attached = null;
    this.say(t("pictureSending"));
    try {
      const blob = await smaller(file);
      if (blob.size > largest) throw new Error(t("pictureLarge"));
      const picture = await this.put(blob);
      if (this.now !== now) return; // another was chosen, or this one taken back
      this.attached = picture;
      const canvas = this.canvas(picture);
      draw(canvas, await createImageBitmap(blob).catch(() => null));
      this.say(canvas);
      this.field.focus();
    } catch (error) {
      if (this.now === now) this.say(error.message);
    }
  }

  // release gives the picture to the message that goes out, and forgets it.
  release() {
    const { attached } = this;
    if (!attached && this.now) return null;
    this.drop();
    return attached;
  }

  get busy() { return Boolean(this.now) && !this.attached && !this.chip.querySelector(".problem"); }

  drop() {
    this.now = this.attached = null;
    this.chip.hidden = true;
  }

  say(what) {
    const told = typeof what === "string";
    const close = element("button", { class: "quiet", type: "button", "aria-label": t("pictureDrop"), onclick: () => { this.drop(); this.field.focus(); } }, "×");
    this.chip.replaceChildren(told ? element("span", { class: what === t("pictureSending") ? "" : "problem" }, what) : what, close);
    this.chip.hidden = false;
  }

  async put(blob) {
    const session = this.session();
    if (!session) throw new Error(t("pictureLater"));
    let response;
    try {
      response = await fetch(`${home}/api/pictures?session=${encodeURIComponent(session.id)}`, { method: "POST", credentials: "omit",
        headers: { "Content-Type": "application/octet-stream", Authorization: `Bearer ${session.secret}` }, body: blob, signal: AbortSignal.timeout(60_000) });
    } catch {
      throw new Error(t("pictureLater"));
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.message ?? t("pictureLater"));
    return answer;
  }

  // node is the element of a picture of the conversation.
  node(picture) {
    const canvas = this.canvas(picture);
    this.fetch(canvas, picture);
    return canvas;
  }

  canvas({ width = shown, height = shown / 2 }) {
    const scale = Math.min(1, shown / Math.max(width, height));
    return element("canvas", { class: "picture", width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)), role: "img", "aria-label": t("pictureSent") });
  }

  async fetch(canvas, { id, width }) {
    for (let n = 1; n <= tries; n++) {
      try {
        const { id: session, secret } = this.session();
        const response = await fetch(`${home}/api/pictures/${encodeURIComponent(id)}?session=${encodeURIComponent(session)}`, { credentials: "omit", headers: { Authorization: `Bearer ${secret}` } });
        if (response.ok) {
          const bitmap = await createImageBitmap(await response.blob());
          if (!width) Object.assign(canvas, { width: shown, height: Math.round(shown * bitmap.height / bitmap.width) });
          return draw(canvas, bitmap);
        }
        if (response.status < 500 && response.status !== 429) return;
      } catch { /* the line is gone */ }
      await new Promise(done => setTimeout(done, 2000 * n));
    }
  }
}

function draw(canvas, bitmap) {
  if (!bitmap) return;
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

// smaller is the picture as small as it need be, without what the camera wrote into it. What can't be opened here goes as
// it is: the server says what is wrong with it.
async function smaller(file) {
  let bitmap;
  try { bitmap = await createImageBitmap(file); } catch { return file; }
  const { width, height } = bitmap, scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}
