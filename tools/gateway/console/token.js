// The access token, if the gateway requires one. It is kept in this tab only.
import { byId, showProblem } from "./dom.js";

const key = "ringside.token";
let asking = null;

export const token = () => sessionStorage.getItem(key) ?? "";

/// Asks the user for another token than `refused`. Resolves to false if the user cancels.
export function askForToken(refused) {
  if (token() !== refused) return Promise.resolve(true);  // another request has asked meanwhile
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
