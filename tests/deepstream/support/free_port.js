"use strict";
// Finds a free port of the loopback address. It is below the range of ephemeral ports, so a
// restarted server finds it free.

const fs = require("node:fs");
const net = require("node:net");

const attempts = 1000;

function candidate() {
  const range = fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const end = Number(range.trim().split(/\s+/)[0]);
  const begin = Math.max(1024, end - 16384);
  return begin + Math.floor(Math.random() * (end - begin));
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

async function freePort() {
  for (let n = 0; n < attempts; n++) {
    const port = candidate();
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${attempts} is free`);
}

module.exports = { freePort };
