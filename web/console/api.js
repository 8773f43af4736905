// Calls of the desk's HTTP API. Every call but GET carries the csrf token of the login.
import { t } from "./words.js";

let csrf = "";

// signedIn keeps what a login, or /me, answered.
export function signedIn({ csrf: token, agent }) {
  csrf = token;
  return agent;
}

// call resolves with the answer's JSON, null where there is none, and rejects with an error that has a
// sentence for people, the code and the HTTP status (0 where nobody answered).
export async function call(method, path, body) {
  return send(method, path, body !== undefined && "application/json", body && JSON.stringify(body), 15_000);
}

// upload sends a file as it is; it may take long.
export const upload = (path, file) => send("POST", path, "application/octet-stream", file, 30 * 60_000);

async function send(method, path, type, body, patience) {
  const headers = {};
  if (type) headers["Content-Type"] = type;
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  let response, answer;
  try {
    response = await fetch(`/console/api/${path}`, { method, headers, body, signal: AbortSignal.timeout(patience) });
    answer = response.status === 204 ? null : await response.json();
  } catch {
    throw Object.assign(new Error(t("noAnswer")), { status: response && !response.ok ? response.status : 0, code: "no_answer" });
  }
  if (response.ok) return answer;
  throw Object.assign(new Error(answer?.message ?? t("noAnswer")), { status: response.status, code: answer?.code ?? "" });
}

export const get = path => call("GET", path);
export const post = (path, body) => call("POST", path, body);

// of is the path of a conversation's own calls.
export const of = (session, what = "") => `conversations/${encodeURIComponent(session)}${what && "/"}${what}`;

// insist repeats a call that may be repeated until the server has answered it, a little later each time.
// What the server refuses for good is thrown.
export async function insist(method, path, body) {
  for (let wait = 500; ; wait = Math.min(8000, wait * 2)) {
    try {
      return await call(method, path, body);
    } catch (error) {
      if (error.status !== 0 && error.status !== 429 && error.status < 500) throw error;
    }
    await new Promise(done => setTimeout(done, wait));
  }
}
