"use strict";
// Measures a server through deepstream's own client, which tools/peers installs. One process runs
// one or two clients at a time.
//
//   node client.js URL [--writes N] [--calls N]
//
// Prints a line of JSON with percentiles in microseconds. `write`: acknowledged writes, one at a
// time. `call`: calls from one client that another client answers. Run it with echo.js to measure
// the cost of the client itself.

const { parseArgs } = require("node:util");
const peers = require("../../tests/deepstream/support/peers");

const warmUp = 1000;

const options = {
  writes: { type: "string", default: "10000" },
  calls: { type: "string", default: "10000" },
};

async function connect(url) {
  const { DeepstreamClient } = peers.client();
  const client = new DeepstreamClient(url, { nativeTimerRegistry: true, subscriptionInterval: 0 });
  client.on("error", (detail, event) => {
    throw new Error(`${event} ${JSON.stringify(detail)}`);
  });
  await client.login({});
  return client;
}

function percentiles(times) {
  times.sort((a, b) => a - b);
  const at = (part) => Math.round(times[Math.floor(part * (times.length - 1))] / 100) / 10;
  return { count: times.length, p50_us: at(0.5), p99_us: at(0.99), p999_us: at(0.999) };
}

// Returns the times of `count` runs of `step`, after warm-up runs that are not counted.
async function measure(count, step) {
  const times = [];
  for (let n = -warmUp; n < count; n++) {
    const begin = process.hrtime.bigint();
    await step(n);
    if (n >= 0) times.push(Number(process.hrtime.bigint() - begin));
  }
  return percentiles(times);
}

async function writes(url, count) {
  const client = await connect(url);
  const record = client.record.getRecord(`bench/${client.getUid()}`);
  await record.whenReady();
  const result = await measure(count, (n) => record.setWithAck({ seat: "A12", status: "sold", price: 4200, n }));
  client.close();
  return result;
}

async function calls(url, count) {
  const [caller, provider] = [await connect(url), await connect(url)];
  const name = `bench/${caller.getUid()}`;
  provider.rpc.provide(name, (data, response) => response.send(data));
  // The provider is registered once a later request has been answered.
  await provider.record.has(name);
  const result = await measure(count, (n) => caller.rpc.make(name, { seat: "A12", n }));
  caller.close();
  provider.close();
  return result;
}

async function main() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [writeCount, callCount] = [Number(values.writes), Number(values.calls)];
  if (positionals.length !== 1 || !(writeCount > 0) || !(callCount > 0)) {
    process.stderr.write("usage: client.js URL [--writes N] [--calls N]\n");
    process.exit(2);
  }
  const [url] = positionals;
  const write = await writes(url, writeCount);
  const call = await calls(url, callCount);
  process.stdout.write(JSON.stringify({ url, write, call }) + "\n");
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`client.js: ${error.stack || error}\n`);
  process.exit(1);
});
