"use strict";

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");
const { longMs } = require("../support/times");

const { TOPIC, EVENT_ACTION } = deepstreamClient().C;

// Returns what a client receives for an event, in order.
function heard(client, name) {
  const values = [];
  client.event.subscribe(name, (data) => values.push(data));
  return values;
}

const ordinary = {
  "every JSON value arrives as it was emitted": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("values");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    const sent = ["text", "", 0, -1.5, 1e21, true, false, [], [1, [2]], {}, { a: { b: [null] } }, "ünï\u0000code"];
    sent.forEach((value) => emitter.event.emit(name, value));
    await context.until(() => values.length === sent.length, "all events");
    assert.deepEqual(values, sent);
  },

  "an event may have no data": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("nothing");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    emitter.event.emit(name);
    await context.until(() => values.length === 1, "the event");
    assert.deepEqual(values, [undefined]);
  },

  "the data null": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("null");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    emitter.event.emit(name, null);
    await context.until(() => values.length === 1, "the event");
    assert.deepEqual(values, [null]);
  },

  "events of one emitter keep their order": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("order");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    for (let n = 0; n < 1000; n++) emitter.event.emit(name, n);
    await context.until(() => values.length === 1000, () => `1000 events; came ${values.length}`);
    assert.deepEqual(values, Array.from({ length: 1000 }, (_, n) => n));
  },

  "every subscriber receives it": async (context) => {
    const clients = await context.clients(5);
    const name = context.name("all");
    const all = clients.map((client) => heard(client, name));
    for (const client of clients) await context.reached(client);
    clients[0].event.emit(name, "x");
    await context.until(() => all.every((values) => values.length === 1), "all to hear it");
    assert.ok(all.every((values) => values[0] === "x"));
  },

  "the emitter receives it once": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("own");
    const mine = heard(client, name);
    const theirs = heard(other, name);
    await Promise.all([context.reached(client), context.reached(other)]);
    client.event.emit(name, 1);
    assert.deepEqual(mine, [1]);
    other.event.emit(name, 2);
    await context.until(() => mine.length === 2 && theirs.length === 2, "both events");
    assert.deepEqual(mine, [1, 2]);
    // The two come from different connections, in any order.
    assert.deepEqual([...theirs].sort(), [1, 2]);
  },

  "several subscribers in one client": async (context) => {
    const [emitter, client] = await context.clients(2);
    const name = context.name("several");
    const [one, two] = [heard(client, name), heard(client, name)];
    assert.deepEqual(client.event.eventNames(), [name]);
    await context.reached(client);
    emitter.event.emit(name, 1);
    await context.until(() => one.length === 1 && two.length === 1, "both to hear it");
  },

  "a client that has unsubscribed receives nothing": async (context) => {
    const [emitter, client] = await context.clients(2);
    const [gone, stays] = [context.name("gone"), context.name("stays")];
    const values = [];
    const subscriber = (data) => values.push(data);
    client.event.subscribe(gone, subscriber);
    const others = heard(client, stays);
    await context.reached(client);
    emitter.event.emit(gone, 1);
    await context.until(() => values.length === 1, "the first event");
    client.event.unsubscribe(gone, subscriber);
    await context.reached(client);
    emitter.event.emit(gone, 2);
    emitter.event.emit(stays, 3);
    await context.until(() => others.length === 1, "the other event");
    assert.deepEqual(values, [1]);
    assert.deepEqual(client.event.eventNames(), [stays]);
  },

  "events of other names are not heard": async (context) => {
    const [emitter, client] = await context.clients(2);
    const values = heard(client, context.name("a/b"));
    await context.reached(client);
    for (const name of ["a", "a/b/c", "a/*", "A/B", "a/bb"]) emitter.event.emit(context.name(name), name);
    emitter.event.emit(context.name("a/b"), "right");
    await context.until(() => values.length > 0, "the event");
    assert.deepEqual(values, ["right"]);
  },

  "names may have any characters": async (context) => {
    const [emitter, client] = await context.clients(2);
    const names = ["a b", "ü/名", "/x", "x/", "*", "**", "$sys/x", "?#%&", "'\"\\", "😀"].map(
      (base) => base + context.name(""));
    const values = names.map((name) => heard(client, name));
    await context.reached(client);
    names.forEach((name) => emitter.event.emit(name, name));
    await context.until(() => values.every((list) => list.length === 1), "all events");
    assert.deepEqual(values.flat(), names);
  },

  "an event without subscribers is accepted": async (context) => {
    const client = await context.login();
    client.event.emit(context.name("nobody"), 1);
    await context.reached(client);
    assert.deepEqual(client.errors, []);
  },

  "events and records of one name are independent": async (context) => {
    const [one, two] = await context.clients(2);
    const name = context.name("both");
    const record = await context.record(two, name);
    const values = heard(two, name);
    await context.reached(two);
    one.event.emit(name, { event: true });
    await context.until(() => values.length === 1, "the event");
    assert.deepEqual(record.get(), {});
    assert.equal(record.version, 0);
  },

  "a repeated subscription is reported and has no effect": async (context) => {
    const connection = await context.raw();
    const emitter = await context.login();
    const name = context.name("twice");
    const subscribe = { topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names: [name] };
    connection.send({ ...subscribe, correlationId: "0" });
    connection.send({ ...subscribe, correlationId: "1" });
    const told = await connection.has({ action: EVENT_ACTION.MULTIPLE_SUBSCRIPTIONS });
    assert.equal(told.name, name);
    assert.equal(told.originalAction, EVENT_ACTION.SUBSCRIBE);
    for (const correlationId of ["0", "1"]) await connection.has({ isAck: true, correlationId });
    emitter.event.emit(name, 1);
    emitter.event.emit(name, 2);
    await connection.nextOf({ data: "1" });
    await connection.nextOf({ data: "2" });
    const events = connection.received().filter((message) => message.action === EVENT_ACTION.EMIT);
    assert.equal(events.length, 2);
  },

  "data that is not JSON is not forwarded": async (context) => {
    const [sender, subscriber] = [await context.raw(), await context.raw()];
    const name = context.name("malformed");
    subscriber.send({ topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names: [name], correlationId: "0" });
    await subscriber.nextOf({ action: EVENT_ACTION.SUBSCRIBE, isAck: true });
    sender.send({ topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name, data: '{"a":' });
    if (context.differs("malformed-json-closes-the-connection")) {
      await context.settled(sender.closed, "the end of the connection");
      (await context.login()).event.emit(name, "sound");
      assert.equal((await subscriber.next()).data, '"sound"');
    } else {
      assert.equal((await subscriber.next()).data, '{"a":');
    }
  },

  "large data": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("large");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    const text = "y".repeat(500 * 1024);
    emitter.event.emit(name, text);
    await context.until(() => values.length === 1, "the event");
    assert.equal(values[0], text);
  },
};

const slow = {
  "a client that does not read affects no other client": async (context) => {
    const [name, user] = [context.name("flood"), `slow-${context.prefix}`];
    // The client that does not read has a separate gateway with a short time limit for clients.
    const url = context.target.gateways?.[1].url;
    const reader = await context.raw({ username: user }, url);
    reader.send({ topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names: [name], correlationId: "0" });
    await reader.nextOf({ action: EVENT_ACTION.SUBSCRIBE, isAck: true });
    const [emitter, other] = await context.clients(2);
    let heard = 0;
    other.event.subscribe(name, () => heard++);
    await context.reached(other);
    reader.stopReading();
    const data = "x".repeat(64 * 1024);
    for (let n = 1; n <= 640; n++) {
      emitter.event.emit(name, data);
      if (n % 16 === 0) await context.until(() => heard === n, () => `${n} events; came ${heard}`);
    }
    if (context.differs("slow-readers-are-cut-off")) {
      await context.until(async () => !(await other.presence.getAll([user]))[user], "the end of who does not read");
    } else {
      assert.deepEqual(await other.presence.getAll([user]), { [user]: true });
    }
  },
};

module.exports.groups = [{ tests: ordinary }, { wishes: { gateways: 2, write_timeouts_ms: [longMs, 200] }, tests: slow }];
