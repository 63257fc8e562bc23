"use strict";
// What Ringside guarantees beyond deepstream: an acknowledged write is stored, whichever process is
// killed.

const assert = require("node:assert/strict");

// Writes 1, 2, 3… to a separate record, and repeats writes without an acknowledgement.
class Writer {
  constructor(client, name) {
    this.client = client;
    this.name = name;
    this.acknowledged = 0;
    this.isStopped = false;
    this.done = this.run();
  }

  async run() {
    while (!this.isStopped) {
      try {
        await this.client.record.setDataWithAck(this.name, { n: this.acknowledged + 1 });
        this.acknowledged++;
      } catch (reason) {
        // The connection was lost; the write may have been applied.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async stop(context) {
    this.isStopped = true;
    await context.settled(this.done, "the last write");
  }
}

async function writers(context, count) {
  const clients = await context.clients(count);
  return clients.map((client, n) => new Writer(client, context.name(`writer/${n}`)));
}

// Every acknowledged write exists, and the versions count every write.
async function verify(context, all) {
  const reader = await context.login();
  for (const writer of all) {
    const { n } = await context.settled(reader.record.snapshot(writer.name), writer.name);
    assert.ok(n === writer.acknowledged || n === writer.acknowledged + 1,
              `${writer.name} has ${n}, and ${writer.acknowledged} were acknowledged`);
    assert.ok((await reader.record.head(writer.name)) >= writer.acknowledged);
  }
}

const killing = (kill) => async (context) => {
  const all = await writers(context, 4);
  for (let round = 1; round <= 5; round++) {
    const before = all.map((writer) => writer.acknowledged);
    const hasGoneOn = () => all.every((writer, n) => writer.acknowledged >= before[n] + 20);
    await context.until(hasGoneOn, `all writers to go on in round ${round}`);
    await kill(context.target);
  }
  const before = all.map((writer) => writer.acknowledged);
  await context.until(() => all.every((writer, n) => writer.acknowledged > before[n]), "all writers to go on");
  for (const writer of all) await writer.stop(context);
  await verify(context, all);
};

const tests = {
  "a gateway that is killed loses no acknowledged write": killing((target) => target.gateways[0].restart()),
  "a broker that is killed loses no acknowledged write": killing((target) => target.restartBroker()),
  "a host that is restarted loses no acknowledged write": killing((target) => target.restartHost()),

  "open records remain usable after each of these": async (context) => {
    const [a, b] = await context.clients(2);
    const name = context.name("open");
    const [mine, theirs] = [await context.record(a, name), await context.record(b, name)];
    const { target } = context;
    let n = 0;
    for (const kill of [() => target.gateways[0].restart(), () => target.restartBroker(), () => target.restartHost()]) {
      for (let k = 0; k < 5; k++) {
        n++;
        await context.settled(mine.setWithAck({ n }), () => `an acknowledgement of ${n} at version ${mine.version}`);
      }
      const version = mine.version;
      await kill();
      for (const client of [a, b]) await context.resubscribed(client);
      assert.equal(theirs.get("n"), n);
      assert.equal(theirs.version, version);
      await context.settled(mine.setWithAck({ n: ++n }), "an acknowledgement");
      await context.until(() => theirs.get("n") === n, "the next write");
      assert.equal(theirs.version, version + 1);
    }
  },
};

module.exports = { only: "ringside", wishes: { stored: true, durable: true }, tests };
