"use strict";
// Child processes that print `ready …` on standard output when they serve.

const { spawn } = require("node:child_process");

// Reached only by a program that does not start.
const readyMs = 180000;
const children = new Set();

// However the run ends, no process remains.
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

class Served {
  constructor(child) {
    this.child = child;
    this.log = "";
    this.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    children.add(child);
    this.ended.then(() => children.delete(child));
  }

  get pid() { return this.child.pid; }
  get isRunning() { return this.child.exitCode === null && this.child.signalCode === null; }

  async stop(signal = "SIGTERM") {
    if (this.isRunning) this.child.kill(signal);
    return this.ended;
  }
}

// Starts `command`; the result has `words`, the text after `ready`.
function serve(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
  const served = new Served(child);
  return new Promise((resolve, reject) => {
    const fail = (why) => {
      child.kill("SIGKILL");
      reject(new Error(`${command} ${args.join(" ")}: ${why}\n${served.log}`));
    };
    const timer = setTimeout(() => fail("was not ready in time"), readyMs);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
    child.stderr.on("data", (text) => { served.log += text; });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
      served.log += text;
      const line = /^ready ?(.*)\n/m.exec(output);
      if (!line || served.words) return;
      served.words = line[1].split(" ");
      clearTimeout(timer);
      resolve(served);
    });
  });
}

module.exports = { serve };
