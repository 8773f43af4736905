// What was said while nobody looked: counted on the launcher and in the page's title, and, where the customer
// wants that, heard.
import { recall, remember, t } from "./i18n.js";
import { view } from "./surroundings.js";

export class Attention {
  unread = 0;
  mark = ""; // what stands before the page's title now

  // watched() is whether somebody looks.
  constructor(root, watched) {
    Object.assign(this, { watched, launcher: root.getElementById("launcher"), badge: root.getElementById("unread") });
    this.sound = recall("sound") === "on";
  }

  came() {
    if (this.watched()) return;
    this.unread++;
    this.draw();
    if (this.sound) ring();
  }

  seen() {
    this.unread = 0;
    this.draw();
  }

  toggleSound() {
    this.sound = !this.sound;
    remember("sound", this.sound ? "on" : "off");
    if (this.sound) ring();
  }

  draw() {
    const { document } = view;
    // The page may have changed its title meanwhile: only our own mark is taken off.
    const title = this.mark && document.title.startsWith(this.mark) ? document.title.slice(this.mark.length) : document.title;
    this.mark = this.unread ? `(${this.unread}) ` : "";
    if (document.title !== this.mark + title) document.title = this.mark + title;
    if (!this.launcher) return;
    this.badge.textContent = this.unread > 9 ? "9+" : String(this.unread);
    this.badge.hidden = this.unread === 0;
    this.launcher.setAttribute("aria-label", this.launcher.getAttribute("aria-expanded") === "true" ? t("launched") : t("launch", this.unread));
  }
}

// ring plays two soft tones.
function ring() {
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.5);
  for (const [tone, after] of [[660, 0], [880, 0.12]]) {
    const voice = audio.createOscillator();
    voice.frequency.value = tone;
    voice.connect(volume);
    voice.start(audio.currentTime + after);
    voice.stop(audio.currentTime + 0.5);
    voice.onended = () => audio.state !== "closed" && audio.close();
  }
}
