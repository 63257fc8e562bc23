// Asks before a record is deleted. The deletion is bound to the version that the user has seen.
import { Problem, recordPath, send } from "./api.js";
import { byId, showProblem, showText } from "./dom.js";

export class DeleteDialog {
  #dialog = byId("delete-dialog");
  #name = null;
  #version = null;

  constructor() {
    byId("delete-cancel").addEventListener("click", () => this.close());
    byId("delete-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#delete();
    });
  }

  /// `version` is that of the record as it was shown: {version, revision}.
  ask(name, version) {
    this.#name = name;
    this.#version = version;
    byId("delete-text").textContent = `${name}, version ${version.version}`;
    showProblem(byId("delete-problem"), null);
    this.#dialog.showModal();
    byId("delete-cancel").focus();
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  async #delete() {
    try {
      await send("DELETE", recordPath(this.#name, { if_revision: this.#version.revision }));
      this.close();
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      const isConflict = failure.status === 412;
      showText(byId("delete-problem"), isConflict
        ? `Not deleted: the record has changed since version ${this.#version.version}. Cancel, and review the current version.`
        : failure.reason, true);
    }
  }
}
