"use strict";
// A broker and one or more gateways with a separate grid, as the target of the tests.

const { execFile, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { createInterface } = require("node:readline");
const { serve } = require("./process");
const { freePort } = require("./free_port");
const peers = require("./peers");
const { longMs, unhurried } = require("./times");

const build = path.join(peers.root, "build/release");
const programs = {
  broker: process.env.RINGSIDE_BROKER || path.join(build, "broker/ringside-broker"),
  gateway: process.env.RINGSIDE_GATEWAY || path.join(build, "tools/gateway/ringside-gateway"),
  cli: process.env.RINGSIDE_CLI || path.join(build, "tools/ringside"),
};

const numbers = [...Object.keys(unhurried), "max_auth_attempts", "max_subscriptions"];
const booleans = ["durable", "provide_requestor_name", "provide_requestor_data"];

// The gateway's TOML; the files that it names are in `directory`. JSON strings are TOML strings.
function writeConfig(directory, grid, given) {
  const wishes = { ...unhurried, ...given };
  const lines = [`grid = ${JSON.stringify(grid)}`, "", "[deepstream]", 'path = "/deepstream"'];
  for (const key of [...numbers, ...booleans]) if (wishes[key] !== undefined) lines.push(`${key} = ${wishes[key]}`);
  (wishes.auth || [{ type: "open" }]).forEach((method, index) => {
    lines.push("", "[[deepstream.auth]]", `type = ${JSON.stringify(method.type)}`);
    if (method.type === "http") {
      const { type, ...options } = method;
      for (const [key, value] of Object.entries(options)) lines.push(`${key} = ${JSON.stringify(value)}`);
    }
    if (method.type !== "file") return;
    const users = path.join(directory, `users-${index}.json`);
    fs.writeFileSync(users, JSON.stringify(method.users, null, 2), { mode: 0o600 });
    lines.push(`path = ${JSON.stringify(users)}`);
    if (!method.hash) return;
    lines.push(`hash = ${JSON.stringify(method.hash)}`, `iterations = ${method.iterations}`);
    lines.push(`key_length = ${method.key_length}`);
  });
  if (wishes.rules) {
    const rules = path.join(directory, "permissions.json");
    fs.writeFileSync(rules, JSON.stringify(wishes.rules, null, 2));
    lines.push("", "[valve]", `file = ${JSON.stringify(rules)}`);
  }
  if (wishes.all_origins) lines.push("", "[cors]", 'origins = "*"');
  const file = path.join(directory, "gateway.toml");
  fs.writeFileSync(file, lines.join("\n") + "\n");
  return file;
}

class Gateway {
  constructor(configFile, port, writeTimeoutMs, brokerTimeoutMs) {
    this.args = ["--config", configFile, "--listen", `127.0.0.1:${port}`, "--drain-ms", "500"];
    this.args.push("--write-timeout-ms", `${writeTimeoutMs}`, "--broker-timeout-ms", `${brokerTimeoutMs}`);
    for (const time of ["header", "body", "idle"]) this.args.push(`--${time}-timeout-ms`, `${longMs}`);
    this.port = port;
    this.url = `ws://127.0.0.1:${port}/deepstream`;
    this.httpUrl = `http://127.0.0.1:${port}`;
  }

  // On a free port, which it keeps when it is restarted.
  static async start(configFile, writeTimeoutMs, brokerTimeoutMs) {
    for (let attempts = 10;; attempts--) {
      const gateway = new Gateway(configFile, await freePort(), writeTimeoutMs, brokerTimeoutMs);
      try {
        await gateway.begin();
        return gateway;
      } catch (error) {
        // Another process has taken the port meanwhile.
        if (attempts === 0 || !error.message.includes("cannot listen")) throw error;
      }
    }
  }

  async begin() {
    this.process = await serve(programs.gateway, this.args);
  }

  async restart(signal = "SIGKILL") {
    await this.process.stop(signal);
    await this.begin();
  }
}

let grids = 0;
const running = new Set();

// After the end of the processes (process.js); nothing else removes what killed brokers leave.
process.on("exit", () => running.forEach((target) => target.remove()));

class RingsideTarget {
  static async start(wishes) {
    const target = new RingsideTarget();
    target.isUpstream = false;
    target.grid = `deepstream-${process.pid}-${grids++}`;
    target.directory = fs.mkdtempSync(path.join(os.tmpdir(), "ringside-deepstream-"));
    target.isStored = wishes.stored || false;
    target.programs = programs;
    running.add(target);
    target.gateways = [];
    try {
      await target.beginBroker();
      const configFile = writeConfig(target.directory, target.grid, wishes);
      for (let i = 0; i < (wishes.gateways || 1); i++) {
        const writeTimeoutMs = wishes.write_timeouts_ms?.[i] ?? longMs;
        target.gateways.push(await Gateway.start(configFile, writeTimeoutMs, wishes.broker_timeout_ms ?? longMs));
      }
    } catch (error) {
      await target.stop();
      throw error;
    }
    target.url = target.gateways[0].url;
    target.httpUrl = target.gateways[0].httpUrl;
    return target;
  }

  async beginBroker() {
    const args = ["--grid", this.grid, "--memory", "64MiB"];
    for (const time of ["accept-timeout", "response-timeout", "rematch-interval"]) args.push(`--${time}-ms`, `${longMs}`);
    if (this.isStored) args.push("--data", path.join(this.directory, "data"));
    this.broker = await serve(programs.broker, args);
  }

  get isRunning() { return this.broker.isRunning && this.gateways.every((gateway) => gateway.process.isRunning); }
  get log() { return [this.broker, ...this.gateways.map((gateway) => gateway.process)].map((p) => p?.log).join("\n"); }

  async restart() { await this.gateways[0].restart(); }

  async restartBroker() {
    await this.broker.stop("SIGKILL");
    await this.beginBroker();
  }

  // Runs the command line client; resolves to its output.
  cli(...args) {
    return new Promise((resolve, reject) => {
      execFile(programs.cli, ["--grid", this.grid, ...args], { timeout: longMs }, (error, stdout, stderr) => {
        if (error) reject(new Error(`ringside ${args.join(" ")}: ${error.message}\n${stderr}`));
        else resolve(stdout);
      });
    });
  }

  // A command that keeps running: `lines` are those that it has printed so far.
  beginCli(...args) {
    const child = spawn(programs.cli, ["--grid", this.grid, ...args], { stdio: ["ignore", "pipe", "ignore"] });
    const command = { lines: [], stop: () => child.kill("SIGTERM") };
    command.ended = new Promise((resolve) => child.once("exit", resolve));
    createInterface({ input: child.stdout }).on("line", (line) => command.lines.push(line));
    return command;
  }

  // Simulates a restart of the host: only the store remains.
  async restartHost() {
    for (const gateway of this.gateways) await gateway.process.stop("SIGKILL");
    await this.broker.stop("SIGKILL");
    this.removeSegment();
    await this.beginBroker();
    for (const gateway of this.gateways) await gateway.begin();
  }

  // A broker that was killed could not remove these.
  removeSegment() {
    for (const kind of ["ringside", "ringside-lock", "ringside-socket"]) {
      fs.rmSync(`/dev/shm/${kind}.${this.grid}`, { force: true });
    }
  }

  remove() {
    fs.rmSync(this.directory, { recursive: true, force: true });
    this.removeSegment();
  }

  async stop() {
    for (const gateway of this.gateways) await gateway.process?.stop();
    await this.broker?.stop();
    running.delete(this);
    this.remove();
  }
}

module.exports = { RingsideTarget };
