// Draws the launcher before there is a chat, as the frame in which that works takes the browser a while to make. It runs
// as it is imported, in the page, with what the page made of its built-ins, and may fail: the chat then comes with its own.
import { wasOpen } from "./door.js";
import { early } from "./early.js";
import { prefer } from "./i18n.js";
import { doorstep } from "./skeleton.js";
import { adopt } from "./style.js";

const { brief, open } = early;
if (!wasOpen()) { // the panel comes with the launcher otherwise
  prefer(brief.settings.lang);
  const host = brief.drawn = document.createElement("floorwalker-chat"); // where the chat finds it
  const root = host.attachShadow({ mode: "open" });
  document.documentElement.append(host);
  adopt(host, root);
  const body = doorstep(brief.settings, open);
  root.append(body);
  brief.launcher = body.firstChild;
}
