"use strict";
// Requests beyond a limit are refused with a message; nothing is dropped silently.

const assert = require("node:assert/strict");
const fs = require("node:fs");

const most = 20;

const tests = {
  "records beyond the limit of subscriptions": async (context) => {
    const client = await context.login();
    const [writer, names] = [await context.login(), Array.from({ length: most + 5 }, (_, n) => context.name(`r${n}`))];
    const refused = new Map();
    const records = names.map((name) => {
      const record = client.record.getRecord(name);
      record.on("error", (error) => refused.set(name, error));
      return record;
    });
    await context.until(() => records.filter(({ isReady }) => isReady).length === most && refused.size === 5,
                        () => `${refused.size} to be refused`);
    assert.deepEqual([...refused.values()], Array(5).fill("MESSAGE_DENIED"));
    await context.error(client, "MESSAGE_DENIED");
    assert.ok(context.target.log.includes("max_subscriptions"));
    // Accepted subscriptions receive every change.
    for (const record of records.filter(({ isReady }) => isReady)) {
      await context.settled(writer.record.setDataWithAck(record.name, { n: 1 }), "an acknowledgement");
      await context.until(() => record.get("n") === 1, "the change");
    }
  },

  "the same after a reconnect": async (context) => {
    const proxy = await context.proxy();
    const client = await context.login({}, { url: proxy.url });
    const names = Array.from({ length: most + 3 }, (_, n) => context.name(`r${n}`));
    const records = names.map((name) => client.record.getRecord(name));
    const refusals = () => client.errors.filter(({ detail, event }) => event === "MESSAGE_DENIED"
                                                                      || detail === "MESSAGE_DENIED").length;
    await context.until(() => refusals() === 3, () => `3 refusals; came ${refusals()}`);
    proxy.cut();
    await context.until(() => client.getConnectionState() !== "OPEN", "the connection to be lost");
    proxy.mend();
    await context.until(() => refusals() === 6, () => `3 refusals again; came ${refusals()}`);
    assert.equal(client.getConnectionState(), "OPEN");
    const writer = await context.login();
    for (const name of names) {
      await context.settled(writer.record.setDataWithAck(name, { n: 2 }), "an acknowledgement");
    }
    const upToDate = () => records.filter((record) => record.isReady && record.get("n") === 2).length;
    await context.until(() => upToDate() === most, () => `${most} to be told; were ${upToDate()}`);
  },

  "events and users count, too, and a removed one makes room": async (context) => {
    const [client, emitter] = await context.clients(2);
    const heard = [];
    const names = Array.from({ length: most }, (_, n) => context.name(`e${n}`));
    for (const name of names.slice(0, most - 1)) client.event.subscribe(name, () => heard.push(name));
    await context.reached(client);
    client.presence.subscribe("somebody", () => {});
    await context.reached(client);
    assert.equal(client.errors.length, 0);
    client.event.subscribe(names[most - 1], () => heard.push(names[most - 1]));
    await context.error(client, "MESSAGE_DENIED");
    assert.ok(!client.event.eventNames().includes(names[most - 1]));
    client.presence.subscribe("somebody else", () => {});
    await context.until(() => client.errors.length === 2, "the second refusal");
    client.event.unsubscribe(names[0]);
    await context.reached(client);
    client.event.subscribe(names[most - 1], () => heard.push(names[most - 1]));
    await context.reached(client);
    emitter.event.emit(names[most - 1], 1);
    await context.until(() => heard.length > 0, "the event");
    assert.deepEqual(heard, [names[most - 1]]);
  },
};

const frozen = {
  "a write that a frozen broker has not answered is in doubt, and the copy follows the record": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("frozen");
    const record = await context.record(client, name);
    await context.settled(record.setWithAck({ n: 1 }), "an acknowledgement");
    const theirs = await context.record(other, name);
    const stat = `/proc/${context.target.broker.pid}/task`;
    const isStopped = () => fs.readdirSync(stat).every((task) => /\) T /.test(fs.readFileSync(`${stat}/${task}/stat`, "utf8")));
    process.kill(context.target.broker.pid, "SIGSTOP");
    await context.until(isStopped, "the broker to be stopped");
    context.atEnd(() => process.kill(context.target.broker.pid, "SIGCONT"));
    const outcome = await context.settled(record.setWithAck({ n: 2 }).catch((reason) => reason), "an outcome");
    assert.equal(outcome, "STORAGE_RETRIEVAL_TIMEOUT");
    assert.deepEqual(record.get(), { n: 1 });
    assert.equal(record.version, 1);
    process.kill(context.target.broker.pid, "SIGCONT");
    // It was under way: the broker applies it, and every client receives it.
    await context.until(() => theirs.get("n") === 2 && record.get("n") === 2, "the write");
    assert.equal(record.version, theirs.version);
    await context.settled(record.setWithAck({ n: 3 }), "an acknowledgement");
    await context.until(() => theirs.get("n") === 3, "the next write");
  },
};

module.exports = {
  groups: [
    { only: "ringside", wishes: { max_subscriptions: most }, tests },
    { only: "ringside", wishes: { broker_timeout_ms: 100 }, tests: frozen },
  ],
};
