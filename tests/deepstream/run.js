"use strict";
// Drives a deepstream server through deepstream's own client.
//
//   node run.js --target upstream|ringside [--only records,lists] [--test PART_OF_A_NAME]
//
// Prints a line for each test and a summary. Exit status: 0 on success, 1 on failure, 2 for wrong
// usage, and 77 if the peers are not installed (tools/peers). Each script of features/ exports
// `wishes` (the configuration of its server) and `tests`, a function by name; `only` names the
// target that it is for. Instead of `wishes` it may export `prepare`, which starts what the server
// needs: it resolves to `wishes` and to `end`, which stops it. A script may export several such
// `groups`.

const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { parseArgs } = require("node:util");
const peers = require("./support/peers");

// Reached only by a test that fails.
const testMs = 600000;
const skipped = 77;

function usage(problem) {
  process.stderr.write(`${problem}\nusage: run.js --target upstream|ringside [--only SCRIPTS] [--test PART]\n`);
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({
      options: { target: { type: "string" }, only: { type: "string" }, test: { type: "string" } },
    });
    if (!["upstream", "ringside"].includes(values.target)) usage("--target has to be upstream or ringside");
    return values;
  } catch (error) {
    return usage(error.message);
  }
}

function scripts(only) {
  const all = fs.readdirSync(path.join(__dirname, "features")).map((file) => path.basename(file, ".js")).sort();
  const wanted = only ? only.split(",") : all;
  for (const name of wanted) if (!all.includes(name)) usage(`there is no script ${name}`);
  return wanted;
}

// Errors that no test has awaited are failures of the running test.
const stray = [];
process.on("uncaughtException", (error) => stray.push(error));
process.on("unhandledRejection", (error) => stray.push(error));

async function runTest(test, target) {
  const { Context } = require("./support/context");
  const context = new Context(target);
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${testMs} ms`)), testMs);
  });
  try {
    await Promise.race([test(context), late]);
  } finally {
    clearTimeout(timer);
    await context.end();
  }
  if (stray.length > 0) throw stray[0];
}

class Report {
  constructor() {
    this.passed = 0;
    this.failed = [];
  }

  pass(name) {
    this.passed++;
    process.stdout.write(`ok      ${name}\n`);
  }

  fail(name, error) {
    this.failed.push(name);
    const text = String(error?.stack || error).replace(/^/gm, "        ");
    process.stdout.write(`FAILED  ${name}\n${text}\n`);
  }

  close(started) {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    process.stdout.write(`${this.passed} passed, ${this.failed.length} failed in ${seconds} s\n`);
    for (const name of this.failed) process.stdout.write(`FAILED  ${name}\n`);
    return this.failed.length === 0 && this.passed > 0 ? 0 : 1;
  }
}

// Whether the server still accepts connections; the end of its process may be noticed later.
function isReachable(target) {
  const { hostname, port } = new URL(target.httpUrl);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

// One group of tests with a shared server.
async function runGroup(script, group, Target, filter, report) {
  const tests = Object.entries(group.tests).filter(([name]) => `${script}: ${name}`.includes(filter));
  if (tests.length === 0) return;
  const { wishes, end } = group.prepare ? await group.prepare() : { wishes: group.wishes || {}, end: () => {} };
  let target;
  try {
    target = await Target.start(wishes);
  } catch (error) {
    tests.forEach(([name]) => report.fail(`${script}: ${name}`, error));
    await end();
    return;
  }
  for (const [name, test] of tests) {
    const full = `${script}: ${name}`;
    stray.length = 0;
    try {
      await runTest(test, target);
      if (!(await isReachable(target))) throw new Error(`the server has ended:\n${target.log}`);
      report.pass(full);
    } catch (error) {
      report.fail(full, error);
      process.stdout.write(`${target.log}\n`.replace(/^/gm, "        "));
      if (!(await isReachable(target))) await target.restart();
    }
  }
  await target.stop();
  await end();
}

async function main() {
  const { target: kind, only, test: filter = "" } = options();
  const wanted = scripts(only);
  if (!peers.isInstalled()) {
    process.stdout.write(`skipped: the deepstream client and server are not installed; run tools/peers\n`);
    process.exit(skipped);
  }
  // The client prints warnings, including ones that tests cause on purpose.
  console.warn = () => {};
  const { UpstreamTarget } = require("./support/upstream_target");
  const { RingsideTarget } = require("./support/ringside_target");
  const Target = kind === "upstream" ? UpstreamTarget : RingsideTarget;
  const report = new Report();
  const started = Date.now();
  for (const script of wanted) {
    const feature = require(`./features/${script}`);
    for (const group of feature.groups || [feature]) {
      if (group.only && group.only !== kind) continue;
      await runGroup(script, group, Target, filter, report);
    }
  }
  if (!only && !filter) {
    const unused = require("./differences").unused();
    if (unused.length > 0) report.fail("differences", new Error(`no test looks at: ${unused.join(", ")}`));
  }
  process.exit(report.close(started));
}

main();
