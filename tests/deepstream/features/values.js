"use strict";
// Every value and every name that the client can send gets an answer, and never ends a connection.

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION } = deepstreamClient().C;

// A text that was cut within a character, as by `slice`, and its form in the grid.
const cut = "🎫 ticket 🎫".slice(0, 11);
const whole = cut.toWellFormed ? cut.toWellFormed() : cut.replace(/[\ud800-\udbff]$/, "\ufffd");
const longName = (context) => `${context.prefix}/${"n".repeat(1100)}`;

const outcomeOf = (context, promise) =>
  context.settled(promise.then(() => "resolved", (reason) => reason), "an outcome");

const heard = (client, name) => {
  const values = [];
  client.event.subscribe(name, (data) => values.push(data));
  return values;
};

const isOpen = (...clients) => clients.forEach((client) => assert.equal(client.getConnectionState(), "OPEN"));

const tests = {
  "half a character in a record": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("record");
    const record = await context.record(client, name);
    const theirs = await context.record(other, name);
    const writes = [() => record.setWithAck({ text: cut }), () => record.setWithAck("deep.text", cut),
                    () => record.setWithAck("list", [cut, { [cut]: cut }]), () => record.setWithAck(`path${cut}`, cut)];
    for (const write of writes) {
      assert.equal(await outcomeOf(context, write()), "resolved");
      await context.until(() => theirs.version === record.version, "the write");
      // The writer has the stored document.
      assert.deepEqual(record.get(), theirs.get());
      assert.deepEqual(record.get(), await (await context.login()).record.snapshot(name));
    }
    const list = [whole, { [whole]: whole }];
    assert.deepEqual(record.get(), { text: whole, deep: { text: whole }, list, [`path${whole}`]: whole });
    assert.equal(await outcomeOf(context, client.record.setDataWithAck(context.name("other"), { a: cut })), "resolved");
    record.set({ text: cut });
    await context.until(() => theirs.version === record.version && theirs.get("text") === whole, "the write");
    await context.until(() => record.get("text") === whole, "the copy to be that of the store");
    isOpen(client, other);
  },

  "half a character in an event": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("event");
    const values = heard(other, name);
    await context.reached(other);
    for (const data of [cut, { [cut]: [cut] }, "\udfab", "\udfab\ud83c", "🎫"]) client.event.emit(name, data);
    await context.until(() => values.length === 5, "the events");
    assert.deepEqual(values, [whole, { [whole]: [whole] }, "\ufffd", "\ufffd\ufffd", "🎫"]);
    isOpen(client, other);
  },

  "half a character in calls and answers": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("call");
    other.rpc.provide(name, (data, response) => (data === "fail" ? response.error(cut) : response.send([data, cut])));
    await context.reached(other);
    // Within a gateway the text is forwarded unchanged.
    assert.deepEqual(await context.settled(client.rpc.make(name, cut), "an answer"), [cut, cut]);
    assert.equal(await outcomeOf(context, client.rpc.make(name, "fail")), cut);
    isOpen(client, other);
  },

  "half a character in names": async (context) => {
    const [client, other] = await context.clients(2);
    // In Node a client does not recognise such a name when it reads it: messages by name are
    // refused, and messages by the number of a request are processed.
    const name = context.name(cut);
    const record = client.record.getRecord(name);
    await context.error(client, "MESSAGE_DENIED");
    assert.equal(record.isReady, false);
    const before = client.errors.length;
    client.event.subscribe(name, () => {});
    await context.until(() => client.errors.length > before, "the refusal of the event");
    assert.equal(await outcomeOf(context, other.record.setDataWithAck(name, { a: 1 })), "resolved");
    assert.equal(await outcomeOf(context, other.record.setDataWithAck(name, "b", 2)), "resolved");
    other.event.emit(name, 1);
    assert.equal(await outcomeOf(context, other.rpc.make(name, 1)), "NO_RPC_PROVIDER");
    other.rpc.provide(name, (data, response) => response.send(data + 1));
    await context.reached(other);
    assert.equal(await outcomeOf(context, client.rpc.make(name, 1)), "NO_RPC_PROVIDER");
    const users = await context.settled(client.presence.getAll([`${cut}x`]), "an answer");
    assert.deepEqual(Object.values(users), [false]);
    isOpen(client, other);
  },

  "half a character at the login": async (context) => {
    const client = await context.login({ username: `ann ${cut}` });
    const other = await context.login({ username: "bob" });
    await context.until(async () => (await other.presence.getAll()).includes(`ann ${whole}`), "the user");
    isOpen(client);
  },

  "login data that the grid cannot hold are refused, and the connection stays": async (context) => {
    const client = context.connect();
    let deep = {};
    for (let n = 0; n < 100; n++) deep = { deep };
    await assert.rejects(context.settled(client.login(deep), "an answer"));
    await context.settled(client.login({}), "a login");
  },

  "numbers": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("numbers");
    const numbers = [2 ** 53, 2 ** 63, -(2 ** 63), 2 ** 64, 2 ** 70, 1e20, 1e21, 123456789012345680000, 1.7e308, 5e-324,
                     -0.5, NaN, Infinity];
    const expected = JSON.parse(JSON.stringify(numbers));
    const record = await context.record(client, name);
    assert.equal(await outcomeOf(context, record.setWithAck({ numbers })), "resolved");
    assert.deepEqual(await other.record.snapshot(name), { numbers: expected });
    const values = heard(other, name);
    other.rpc.provide(name, (data, response) => response.send(data));
    await context.reached(other);
    for (const number of numbers) {
      client.event.emit(name, number);
      assert.equal(await context.settled(client.rpc.make(name, number), "an answer"),
                   JSON.parse(JSON.stringify(number)));
    }
    await context.until(() => values.length === numbers.length, "the events");
    assert.deepEqual(values, expected);
    isOpen(client, other);
  },

  "data that the grid cannot hold": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("deep");
    let deep = 1;
    for (let n = 0; n < 100; n++) deep = [deep];
    assert.equal(await outcomeOf(context, client.record.setDataWithAck(name, { deep })), "INVALID_MESSAGE_DATA");
    client.event.emit(name, deep);
    await context.until(() => client.errors.length > 0, "an error of the event");
    other.rpc.provide(name, (data, response) => response.send(deep));
    other.rpc.provide(`${name}/error`, (data, response) => response.error(deep));
    await context.reached(other);
    assert.equal(await outcomeOf(context, client.rpc.make(name, deep)), "INVALID_MESSAGE_DATA");
    assert.equal(await outcomeOf(context, client.rpc.make(name, 1)), "INVALID_MESSAGE_DATA");
    assert.equal(await outcomeOf(context, client.rpc.make(`${name}/error`, 1)), "INVALID_MESSAGE_DATA");
    isOpen(client, other);
  },

  "names that the grid cannot hold": async (context) => {
    const [client, other] = await context.clients(2);
    const name = longName(context);
    const record = client.record.getRecord(name);
    const errors = [];
    record.on("error", (error) => errors.push(error));
    await context.until(() => errors.length > 0, "an error of the record");
    assert.deepEqual(errors, ["MESSAGE_DENIED"]);
    const by = `${name}-by-name`;
    assert.equal(await outcomeOf(context, client.record.setDataWithAck(by, { a: 1 })), "INVALID_MESSAGE_DATA");
    assert.equal(await outcomeOf(context, client.record.setDataWithAck(by, "a", 1)), "INVALID_MESSAGE_DATA");
    assert.equal(await outcomeOf(context, client.record.setDataWithAck(by, "a", undefined)), "INVALID_MESSAGE_DATA");
    assert.equal(await outcomeOf(context, client.record.snapshot(by)), "RECORD_NOT_FOUND");
    assert.equal(await context.settled(client.record.has(by), "an answer"), false);
    assert.equal(await outcomeOf(context, client.rpc.make(name, 1)), "NO_RPC_PROVIDER");
    const before = client.errors.length;
    client.event.subscribe(name, () => {});
    await context.until(() => client.errors.length > before, "an error of the subscription");
    const emitted = client.errors.length;
    client.event.emit(name, 1);
    await context.until(() => client.errors.length > emitted, "an error of the event");
    // Names of calls stay within the gateway.
    other.rpc.provide(name, (data, response) => response.send(data));
    await context.reached(other);
    assert.equal(await context.settled(client.rpc.make(name, 7), "an answer"), 7);
    isOpen(client, other);
  },

  "half a character in a message of the HTTP API": async (context) => {
    const name = context.name("http");
    const answer = await context.api([
      { topic: "record", action: "write", recordName: name, data: { a: cut } },
      { topic: "record", action: "read", recordName: name },
      { topic: "event", action: "emit", eventName: name, data: cut },
    ]);
    assert.equal(answer.result, "SUCCESS");
    assert.deepEqual(answer.body[1].data, { a: whole });
  },

  "bytes that are not text are not a message": async (context) => {
    const raw = await context.raw();
    const name = Buffer.from([0xff, 0xfe]);
    // A READ of a name that is neither UTF-8 nor contains halves of characters.
    const message = Buffer.concat([Buffer.from([0x08, RECORD_ACTION.READ, 0x32, name.length]), name]);
    const body = Buffer.concat([Buffer.from([0x10, TOPIC.RECORD, 0x1a, message.length]), message]);
    raw.sendBytes(Buffer.concat([Buffer.from([body.length]), body]));
    const [answer] = await raw.untilAnswered();
    assert.equal(answer.topic, TOPIC.PARSER);
  },
};

// A gateway forwards most messages between its own clients unchanged, so these go through the grid.
const abroad = {
  "null and no data are two things, also in another gateway": async (context) => {
    const [here, there] = context.target.gateways.map((gateway) => gateway.url);
    const client = await context.login({}, { url: here });
    const other = await context.login({}, { url: there });
    const name = context.name("null");
    const values = heard(other, name);
    const asked = [];
    other.rpc.provide(name, (data, response) => {
      asked.push(data);
      response.send(asked.length === 1 ? null : undefined);
    });
    await context.reached(other);
    client.event.emit(name, null);
    client.event.emit(name);
    client.event.emit(name, undefined);
    client.event.emit(name, [null]);
    await context.until(() => values.length === 4, "the events");
    assert.deepEqual(values, [null, undefined, undefined, [null]]);
    assert.equal(await context.settled(client.rpc.make(name, null), "an answer"), null);
    assert.equal(await context.settled(client.rpc.make(name, undefined), "an answer"), undefined);
    assert.deepEqual(asked, [null, undefined]);
    const answer = await context.api([{ topic: "event", action: "emit", eventName: name, data: null },
                                      { topic: "event", action: "emit", eventName: name }]);
    assert.equal(answer.result, "SUCCESS");
    await context.until(() => values.length === 6, "the events");
    assert.deepEqual(values.slice(4), [null, undefined]);
  },

  "half a character in calls and answers": async (context) => {
    const [here, there] = context.target.gateways.map((gateway) => gateway.url);
    const client = await context.login({}, { url: here });
    const other = await context.login({}, { url: there });
    const name = context.name("call");
    let deep = 1;
    for (let n = 0; n < 100; n++) deep = [deep];
    other.rpc.provide(name, (data, response) => response.send(data === "deep" ? deep : [data, cut]));
    await context.reached(other);
    assert.deepEqual(await context.settled(client.rpc.make(name, cut), "an answer"), [whole, whole]);
    assert.equal(await outcomeOf(context, client.rpc.make(name, "deep")), "INVALID_MESSAGE_DATA");
    isOpen(client, other);
  },
};

module.exports = {
  only: "ringside",
  groups: [{ only: "ringside", wishes: {}, tests }, { only: "ringside", wishes: { gateways: 2 }, tests: abroad }],
};
