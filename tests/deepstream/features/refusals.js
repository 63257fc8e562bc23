"use strict";
// A refused write is never acknowledged, and the client ends with the stored record: the unmodified
// client changes its copy before it learns of the refusal.

const assert = require("node:assert/strict");
const { isDeepStrictEqual } = require("node:util");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION, EVENT_ACTION, RPC_ACTION, PRESENCE_ACTION } = deepstreamClient().C;
const localWins = (local, localVersion, remote, remoteVersion, done) => done(null, local);

const everything = { create: true, read: true, write: true, delete: true, listen: true, notify: true };
const rules = {
  record: {
    "*": everything,
    "price/*": { ...everything, write: "data.price > 0 && data.price <= 1000" },
    "no-write/*": { ...everything, write: false },
    "no-create/*": { ...everything, create: false },
    "no-delete/*": { ...everything, delete: false },
    "no-notify/*": { ...everything, notify: false },
    "no/*": { ...everything, read: false },
    "fails/*": { ...everything, write: "data.a.b.c === 1" },
  },
  event: { "*": { publish: true, subscribe: true, listen: true }, "no/*": { subscribe: false } },
  rpc: { "*": { provide: true, request: true }, "no/*": { provide: false } },
  presence: { "*": { allow: true }, "no/*": { allow: false } },
};

async function outcomeOf(context, promise) {
  return context.settled(promise.then(() => "resolved", (reason) => reason), "an outcome");
}

// Paths at which the client's own copy throws are never sent.
const isSent = (outcome) => !(outcome instanceof Error);

// A writer's record, and one of another client that reads it.
async function opened(context, prefix, data, options = {}) {
  const writer = await context.login({}, options);
  const reader = await context.login();
  const name = `${prefix}/${context.prefix}`;
  const record = await context.record(writer, name);
  if (data) await context.settled(record.setWithAck(data), "an acknowledgement");
  const other = await context.record(reader, name);
  return { writer, record, reader, other, name };
}

const same = (a, b) => a.version === b.version && isDeepStrictEqual(a.get(), b.get());

// Both copies equal the stored record, and the writer's next write reaches the reader.
async function stillWorks(context, { record, other, reader, name }, path, value) {
  assert.equal(await outcomeOf(context, record.setWithAck(path, value)), "resolved");
  await context.until(() => other.get(path) === value && same(record, other),
                      () => `both to agree: ${record.version} ${JSON.stringify(record.get())}, `
                            + `${other.version} ${JSON.stringify(other.get())}`);
  const stored = await (await context.login()).record.snapshot(name);
  assert.deepEqual(record.get(), stored);
  assert.equal(await context.settled(reader.record.head(name), "a version"), record.version);
}

// A client whose incoming traffic can be held.
async function heldUp(context, prefix, data, options = {}) {
  const proxy = await context.proxy();
  return { proxy, ...(await opened(context, prefix, data, { url: proxy.url, ...options })) };
}

const tests = {
  "a denied write with acknowledgement": async (context) => {
    const all = await opened(context, "price", { price: 5 });
    assert.equal(await outcomeOf(context, all.record.setWithAck({ price: 1001 })), "MESSAGE_DENIED");
    // The copy is correct as soon as the writer learns of the refusal.
    assert.deepEqual(all.record.get(), { price: 5 });
    assert.equal(all.record.version, 1);
    await stillWorks(context, all, "price", 6);
  },

  "a denied write without acknowledgement": async (context) => {
    const all = await opened(context, "price", { price: 5 });
    all.record.set({ price: 1001 });
    await context.until(() => all.record.get("price") === 5, "the copy to be put right");
    assert.equal(all.record.version, 1);
    await stillWorks(context, all, "price", 6);
  },

  "several denied writes, one after the other": async (context) => {
    const all = await opened(context, "price", { price: 5 });
    for (let n = 1; n <= 5; n++) {
      assert.equal(await outcomeOf(context, all.record.setWithAck({ price: 1000 + n })), "MESSAGE_DENIED");
      assert.deepEqual(all.record.get(), { price: 5 });
      await stillWorks(context, all, "n", n);
      assert.equal(await outcomeOf(context, all.record.setWithAck("price", -n)), "MESSAGE_DENIED");
      assert.equal(all.record.get("price"), 5);
      await context.settled(all.record.setWithAck({ price: 5 }), "an acknowledgement");
    }
  },

  "several denied writes at once, with good ones among them": async (context) => {
    const all = await opened(context, "price", { price: 5 });
    for (let round = 0; round < 5; round++) {
      const writes = [1001, 7, 1002, 1003, 8].map((price) => outcomeOf(context, all.record.setWithAck({ price })));
      const outcomes = await Promise.all(writes);
      assert.equal(outcomes[0], "MESSAGE_DENIED");
      const stored = await (await context.login()).record.snapshot(all.name);
      await context.until(() => isDeepStrictEqual(all.record.get(), stored), "the copy to be right");
      const last = outcomes.lastIndexOf("resolved");
      if (last >= 0) assert.equal(stored.price, [1001, 7, 1002, 1003, 8][last]);
      await stillWorks(context, all, "price", 100 + round);
    }
  },

  "a rule that fails": async (context) => {
    const all = await opened(context, "fails");
    assert.equal(await outcomeOf(context, all.record.setWithAck({ x: 1 })), "MESSAGE_PERMISSION_ERROR");
    assert.deepEqual(all.record.get(), {});
    assert.equal(await outcomeOf(context, all.record.setWithAck({ a: { b: { c: 1 } } })), "resolved");
    await stillWorks(context, all, "d", 1);
  },

  "paths and data that no record can have": async (context) => {
    const all = await opened(context, context.prefix, { list: [1] });
    let deep = 1;
    for (let n = 0; n < 100; n++) deep = [deep];
    const refused = [
      ["a[-1]", 1], ["list[-1]", 1], ["constructor.x", 1], ["list[200000]", 1], ["a[x]", 1],
      ["deep", deep], ["k".repeat(2000), 1], ["key", { ["k".repeat(2000)]: 1 }], ["a[b", undefined],
      ["halves", { "a\ud83c": 1, "a\ud83d": 2 }],
    ];
    let n = 0;
    for (const [path, value] of refused) {
      const before = all.record.get();
      const outcome = await outcomeOf(context, all.record.setWithAck(path, value));
      // A write that does not change the client's copy is not sent.
      if (outcome !== "resolved" && isSent(outcome)) assert.equal(outcome, "INVALID_MESSAGE_DATA", path);
      assert.deepEqual(all.record.get(), before, `${path}: ${outcome}`);
      await stillWorks(context, all, "n", ++n);
    }
    assert.equal(all.writer.getConnectionState(), "OPEN");
  },

  "writes by name, without a copy": async (context) => {
    const client = await context.login();
    const name = (prefix) => `${prefix}/${context.prefix}`;
    const set = (...args) => outcomeOf(context, client.record.setDataWithAck(...args));
    assert.equal(await set(name("price"), { price: 5 }), "resolved");
    assert.equal(await set(name("price"), { price: 1001 }), "MESSAGE_DENIED");
    assert.equal(await set(name("price"), "price", 1001), "MESSAGE_DENIED");
    assert.equal(await set(name("no-delete"), { a: 1 }), "resolved");
    assert.equal(await set(name("no-delete"), "a", undefined), "MESSAGE_DENIED");
    assert.equal(await set(name("price"), "a[-1]", 1), "INVALID_MESSAGE_DATA");
    assert.equal(await set(name("no-create"), { a: 1 }), "MESSAGE_DENIED");
    assert.equal(await set(name("no-create"), "a", 1), "MESSAGE_DENIED");
    assert.equal(await client.record.has(name("no-create")), false);
    assert.deepEqual(await client.record.snapshot(name("price")), { price: 5 });
    assert.equal(await set(name("price"), "price", 6), "resolved");
    // No unsolicited message arrived.
    assert.deepEqual(client.errors.filter(({ event }) => event === "UNSOLICITED_MESSAGE"), []);
  },

  "a record that may not be created": async (context) => {
    const client = await context.login();
    const record = client.record.getRecord(`no-create/${context.prefix}`);
    const errors = [];
    record.on("error", (error) => errors.push(error));
    await context.until(() => errors.length > 0, "the denial");
    assert.deepEqual(errors, ["MESSAGE_DENIED"]);
    assert.equal(record.isReady, false);
  },

  "a removal": async (context) => {
    const all = await opened(context, "no-delete", { a: 1 });
    assert.equal(await outcomeOf(context, all.record.delete()), "MESSAGE_DENIED");
    await stillWorks(context, all, "a", 2);
    // A client whose removal was refused does not merge; its copy is repaired all the same.
    assert.equal(await outcomeOf(context, all.record.setWithAck("a", undefined)), "MESSAGE_DENIED");
    assert.equal(await outcomeOf(context, all.record.setWithAck("constructor.x", 1)), "INVALID_MESSAGE_DATA");
    await context.until(() => same(all.record, all.other), "the copy to be put right");
    await stillWorks(context, all, "a", 3);
  },

  "a notification": async (context) => {
    const client = await context.login();
    const [name, forbidden] = [context.name("free"), `no-notify/${context.prefix}`];
    assert.equal(await outcomeOf(context, client.record.notify([name])), "resolved");
    assert.equal(await outcomeOf(context, client.record.notify([forbidden])), '"MESSAGE_DENIED"');
    assert.equal(await outcomeOf(context, client.record.notify([name, forbidden])), '"MESSAGE_DENIED"');
    await context.error(client, "MESSAGE_DENIED");
  },

  "a subscription of which every name is denied is not acknowledged": async (context) => {
    const raw = await context.raw();
    const [free, denied] = [context.name("free"), `no/${context.prefix}`];
    const { SUBSCRIBE } = EVENT_ACTION;
    const messages = [
      { topic: TOPIC.EVENT, action: SUBSCRIBE, names: [denied] },
      { topic: TOPIC.EVENT, action: SUBSCRIBE, names: [denied, free] },
      { topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBEANDHEAD, names: [denied] },
      { topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBEANDHEAD, names: [denied, free] },
      { topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names: [denied] },
      { topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names: [denied, free] },
      { topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.SUBSCRIBE, names: [denied] },
      { topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.SUBSCRIBE, names: [denied, free] },
    ];
    messages.forEach((message, n) => raw.send({ ...message, correlationId: `${n}` }));
    // A provider is acknowledged once the grid knows it, which can be after the answer to a PING.
    const acknowledged = [];
    while (acknowledged.length < 4) {
      const { isAck, correlationId } = await raw.next();
      if (isAck) acknowledged.push(correlationId);
    }
    const others = (await raw.untilAnswered()).filter(({ isAck }) => isAck);
    assert.deepEqual([...acknowledged.sort(), ...others], ["1", "3", "5", "7"]);
  },

  "with LOCAL_WINS a denied write is not sent for ever": async (context) => {
    let merges = 0;
    const mergeStrategy = (...args) => {
      merges++;
      localWins(...args);
    };
    const all = await opened(context, "price", { price: 5 }, { mergeStrategy });
    assert.equal(await outcomeOf(context, all.record.setWithAck({ price: 1001 })), "MESSAGE_DENIED");
    await context.until(() => all.record.get("price") === 5, "the copy to be put right");
    await stillWorks(context, all, "price", 6);
    assert.ok(merges > 0 && merges < 5, `${merges} merges`);
  },

  "writes that were sent before the refusal was known": async (context) => {
    const all = await heldUp(context, "price", { price: 5 });
    all.proxy.hold();
    const prices = [1001, 7, 8];
    const writes = prices.map((price) => outcomeOf(context, all.record.setWithAck({ price })));
    all.proxy.release();
    assert.deepEqual(await Promise.all(writes), ["MESSAGE_DENIED", "INVALID_VERSION", "INVALID_VERSION"]);
    assert.deepEqual(all.record.get(), { price: 5 });
    await stillWorks(context, all, "price", 6);
  },

  "writes behind a conflict that was not known": async (context) => {
    const all = await heldUp(context, context.prefix, { by: "nobody" });
    all.proxy.hold();
    await context.settled(all.other.setWithAck({ by: "other" }), "an acknowledgement");
    // The first one conflicts with the other's version; the following ones are accepted.
    const writes = [1, 2, 3].map((n) => outcomeOf(context, all.record.setWithAck({ n })));
    await context.until(() => all.other.get("n") === 3, "the last write");
    all.proxy.release();
    assert.deepEqual(await Promise.all(writes), ["RECORD_UPDATE_ERROR", "resolved", "resolved"]);
    assert.deepEqual(all.record.get(), { n: 3 });
    await stillWorks(context, all, "n", 4);
  },

  "a retry right behind a conflict": async (context) => {
    const all = await heldUp(context, context.prefix, { a: 0, b: 0 });
    for (let n = 1; n <= 20; n++) {
      all.proxy.hold();
      await context.settled(all.other.setWithAck("a", n), "an acknowledgement");
      const retried = all.record.setWithAck("b", n).catch(() => all.record.setWithAck("b", n));
      all.proxy.release();
      assert.equal(await outcomeOf(context, retried), "resolved");
      await context.until(() => all.other.get("b") === n && same(all.record, all.other),
                          () => `both to agree: ${all.record.version} ${JSON.stringify(all.record.get())}`);
      assert.deepEqual(all.record.get(), { a: n, b: n });
    }
  },

  "the writer gets the stored state before the refusal": async (context) => {
    const raw = await context.raw();
    const name = `price/${context.prefix}`;
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: [name], correlationId: "0" });
    await raw.nextOf({ action: RECORD_ACTION.READ_RESPONSE });
    const write = (version, data, correlationId) => raw.send({
      topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name, version, data, isWriteAck: true, correlationId,
    });
    const refusals = [["5000", 1, '{"price":5000}', RECORD_ACTION.MESSAGE_DENIED],
                      ["scalar", 1, "7", RECORD_ACTION.INVALID_MESSAGE_DATA],
                      ["ahead", 9, '{"price":5}', RECORD_ACTION.INVALID_VERSION]];
    for (const [correlationId, version, data, action] of refusals) {
      write(version, data, correlationId);
      const state = await raw.nextOf({ action: RECORD_ACTION.UPDATE });
      assert.deepEqual({ version: state.version, data: state.data }, { version: 0, data: "{}" });
      const refusal = await raw.nextOf({ action, correlationId });
      assert.equal(refusal.isError, true);
      assert.equal(refusal.isWriteAck, true);
      await raw.confirmed();
    }
    write(1, '{"price":5}', "good");
    await raw.nextOf({ action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, correlationId: "good" });
  },
};

module.exports = { only: "ringside", wishes: { rules }, tests };
