// The access token, if the gateway asks for one. Kept by the tab, and nowhere else.
import { byId, showProblem } from "./dom.js";

const key = "ringside.token";
let asking = null;

export const token = () => sessionStorage.getItem(key) ?? "";

/// Asks the user for another token than `refused`; false: there is none.
export function askForToken(refused) {
  if (token() !== refused) return Promise.resolve(true);  // somebody has asked meanwhile
  asking ??= ask(refused).finally(() => { asking = null; });
  return asking;
}

function ask(refused) {
  const dialog = byId("token-dialog");
  const field = byId("token");
  showProblem(byId("token-problem"), refused ? { message: "This token was refused." } : null);
  field.value = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    const done = new AbortController();
    const finish = (isGiven) => {
      done.abort();
      if (dialog.open) dialog.close();
      resolve(isGiven);
    };
    const options = { signal: done.signal };
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem(key, field.value.trim());
      finish(true);
    }, options);
    byId("token-cancel").addEventListener("click", () => finish(false), options);
    dialog.addEventListener("close", () => finish(false), options);
  });
}
