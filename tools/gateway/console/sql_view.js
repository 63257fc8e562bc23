// The view of SQL: a statement, its result as a table and as a chart, and as CSV.
import { open, post, Problem, send, textOf } from "./api.js";
import { byId, download, showProblem, showText } from "./dom.js";
import * as place from "./place.js";
import { ResultChart } from "./result_chart.js";
import { ResultTable } from "./result_table.js";
import { countText } from "./times.js";

const path = "/v1/query";
const first = "SELECT name, version, updated, document\nFROM records\nLIMIT 20";

export class SqlView {
  #sql = byId("sql");
  #tables = byId("sql-tables");
  #limit = byId("sql-limit");
  #running = null;  // an AbortController
  #ran = null;      // the body of the request that has made the result, and its revision
  #table = new ResultTable();
  #chart = new ResultChart((parameters) => place.setParameters(parameters));

  constructor() {
    byId("sql-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    this.#sql.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#run();
    });
    byId("sql-stop").addEventListener("click", () => this.#running?.abort());
    byId("sql-csv").addEventListener("click", () => this.#downloadCsv());
  }

  /// A statement in the address is shown, and not run: the address might come from an attacker.
  show() {
    const sql = place.parameter("sql");
    if (sql !== null || !this.#sql.value) this.#sql.value = sql ?? first;
    this.#tables.value = place.parameter("tables") ?? this.#tables.value;
    byId("sql-tables-details").open ||= this.#tables.value !== "";
    const limit = place.parameter("limit");
    if ([...this.#limit.options].some((option) => option.value === limit)) this.#limit.value = limit;
    this.#chart.configure({ kind: place.parameter("chart"), x: place.parameter("x"), y: place.parameter("y") });
  }

  /// A running statement continues when the view is hidden; it ends within 30 s.
  hide() {}

  #question() {
    const tables = this.#tables.value.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
    return { sql: this.#sql.value, ...(tables.length > 0 ? { tables } : {}), limit: Number(this.#limit.value) };
  }

  async #run() {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    place.setParameters({ sql: this.#sql.value, tables: this.#tables.value.trim(), limit: this.#limit.value });
    this.#showRunning(true);
    showProblem(byId("sql-problem"), null);
    const question = this.#question();
    const began = performance.now();
    try {
      const result = await post(path, JSON.stringify(question), { signal: running.signal });
      this.#ran = { question, revision: result.revision };
      this.#showResult(result, performance.now() - began);
    } catch (problem) {
      if (running !== this.#running) return;
      this.#showFailure(problem);
    } finally {
      if (running === this.#running) this.#showRunning(false);
    }
  }

  #showRunning(isRunning) {
    byId("sql-stop").hidden = !isRunning;
    if (isRunning) byId("sql-status").textContent = "running";
    else this.#running = null;
  }

  #showResult({ revision, columns, rows }, took) {
    byId("sql-status").textContent =
      `${countText(rows.length)} ${rows.length === 1 ? "row" : "rows"} at revision ${revision} · ${countText(Math.max(1, took))} ms`;
    byId("sql-csv").hidden = false;
    byId("sql-result").hidden = false;
    this.#table.show(columns, rows);
    this.#chart.show(columns, rows);
  }

  #showFailure(problem) {
    byId("sql-result").hidden = true;
    byId("sql-csv").hidden = true;
    byId("sql-status").textContent = problem.name === "AbortError" ? "stopped" : "";
    if (problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    const advice = problem.code === "query_too_large" ? " Add LIMIT to the statement, or raise the number of rows." : "";
    showText(byId("sql-problem"), problem.reason + advice, true);
  }

  /// Downloads what the table shows: the result at its revision. If that revision is no longer
  /// retained, the statement is run at the current one, and the status says so.
  async #downloadCsv() {
    const { question, revision } = this.#ran;
    const options = (body) => ({ method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", Accept: "text/csv" } });
    try {
      let response = await open(path, options({ ...question, revision }));
      let suffix = revision;
      if (response.status === 410) {
        response = await send("POST", path, options(question));
        suffix = "current";
        byId("sql-status").textContent = `revision ${revision} is no longer retained: the file has the current one`;
      } else if (!response.ok) {
        throw await Problem.of("POST " + path, response);
      }
      download(`query-${suffix}.csv`, "text/csv", await textOf(response, "POST " + path));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      showText(byId("sql-problem"), problem.reason, true);
    }
  }
}
