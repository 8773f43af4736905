// Who sits at the desk: log in with a password, and a code where one is set.
import { get, post, signedIn } from "./api.js";
import { t } from "./words.js";

const $ = id => document.getElementById(id);

export class Door {
  // entered(agent) is called once somebody is in.
  constructor(entered) {
    this.entered = entered;
    $("login-form").addEventListener("submit", event => {
      event.preventDefault();
      this.submit();
    });
  }

  // look finds out whether the cookie still holds; a server that does not answer leaves the question open.
  async look() {
    try {
      this.enter(await get("me"));
    } catch (error) {
      this.show();
      if (error.status !== 401) $("login-error").textContent = error.message;
    }
  }

  // over is true where the login has ended.
  async over() {
    try {
      signedIn(await get("me"));
      return false;
    } catch (error) {
      if (error.status !== 401) return false;
      this.show();
      return true;
    }
  }

  show() {
    $("desk").hidden = true;
    $("login").hidden = false;
    $("login-error").textContent = "";
    $("login-id").focus();
  }

  enter(answer) {
    $("login").hidden = true;
    $("desk").hidden = false;
    $("login-password").value = $("login-code").value = "";
    $("login-code-row").hidden = true;
    this.entered(signedIn(answer));
  }

  async submit() {
    const code = $("login-code").value.trim();
    $("login-error").textContent = "";
    try {
      this.enter(await post("login", { id: $("login-id").value, password: $("login-password").value, ...(code && { code }) }));
    } catch (error) {
      if (error.code === "totp_required") {
        $("login-code-row").hidden = false;
        $("login-code").focus();
      }
      $("login-error").textContent = error.message;
    }
  }

  async leave() {
    try { await post("logout", {}); } catch (error) { if (error.status !== 401) throw error; }
    this.show();
  }
}

export const heading = agent => `${agent.name} · ${t("load", agent.load ?? 0, agent.capacity)}`;
