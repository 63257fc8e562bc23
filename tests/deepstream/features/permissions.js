"use strict";

const assert = require("node:assert/strict");
const rules = require("../permissions.json");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION, EVENT_ACTION, RPC_ACTION, PRESENCE_ACTION } = deepstreamClient().C;

const users = {
  ann: { password: "a", serverData: { role: "clerk" } },
  bob: { password: "b" },
};

const ann = (context) => context.login({ username: "ann", password: "a" });
const bob = (context) => context.login({ username: "bob", password: "b" });
const rawBob = (context) => context.raw({ username: "bob", password: "b" });

const allowed = (context, promise) => context.settled(promise, "an answer");
const denied = (context, promise, reason = "MESSAGE_DENIED") =>
  assert.rejects(context.settled(promise, "an answer"), (error) => {
    assert.equal(error, reason);
    return true;
  });

// A unique name below `prefix/`; one level, as rules require.
const below = (context, prefix) => `${prefix}/${context.prefix}`;

const ruleTests = {
  "create": async (context) => {
    const client = await bob(context);
    const name = below(context, "no-create");
    await denied(context, client.record.setDataWithAck(name, { a: 1 }));
    assert.equal(await client.record.has(name), false);
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: [name], correlationId: "0" });
    const denial = await raw.nextOf({ action: RECORD_ACTION.MESSAGE_DENIED });
    assert.equal(denial.name, name);
    assert.equal(await client.record.has(name), false);
  },

  "read": async (context) => {
    const client = await bob(context);
    const name = below(context, "no-read");
    await allowed(context, client.record.setDataWithAck(name, { a: 1 }));
    await denied(context, client.record.snapshot(name));
    await denied(context, client.record.head(name));
    await denied(context, client.record.has(name));
  },

  "read, by opening the record": async (context) => {
    const writer = await bob(context);
    const name = below(context, "no-read");
    await allowed(context, writer.record.setDataWithAck(name, { a: 1 }));
    const client = await bob(context);
    const record = client.record.getRecord(name);
    const errors = [];
    record.on("error", (error) => errors.push(error));
    await context.until(() => errors.length > 0, "the denial");
    assert.equal(errors[0], RECORD_ACTION[RECORD_ACTION.MESSAGE_DENIED]);
    assert.equal(record.isReady, false);
  },

  "write": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "no-write"));
    assert.deepEqual(record.get(), {});
    await denied(context, record.setWithAck({ a: 1 }));
    await denied(context, client.record.setDataWithAck(below(context, "no-write") + "x", "path", 1));
    assert.deepEqual(await (await ann(context)).record.snapshot(record.name), {});
  },

  "write, by a client that has the record open": async (context) => {
    const record = await context.record(await bob(context), below(context, "no-write"));
    await denied(context, record.setWithAck({ a: 1 }));
    const isTold = context.differs("refusals-tell-the-state");
    assert.deepEqual(record.get(), isTold ? {} : { a: 1 });
    assert.equal(record.version, isTold ? 0 : 1);
  },

  "delete": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "no-delete"));
    await allowed(context, record.setWithAck({ a: 1, b: 2 }));
    const other = await ann(context);
    const erase = other.record.setDataWithAck(record.name, "a", undefined);
    const isErased = !context.differs("erase-needs-the-right-to-delete");
    if (isErased) await allowed(context, erase);
    else await denied(context, erase);
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.DELETE, name: record.name });
    const denial = await raw.nextOf({ action: RECORD_ACTION.MESSAGE_DENIED });
    assert.equal(denial.originalAction, RECORD_ACTION.DELETE);
    assert.deepEqual(await other.record.snapshot(record.name), isErased ? { b: 2 } : { a: 1, b: 2 });
  },

  "listen for records": async (context) => {
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.LISTEN, name: "no-listen/.*" });
    const denial = await raw.next();
    assert.equal(denial.action, RECORD_ACTION.MESSAGE_DENIED);
    assert.equal(denial.originalAction, RECORD_ACTION.LISTEN);
  },

  "notify": async (context) => {
    const raw = await rawBob(context);
    const name = below(context, "no-notify");
    await allowed(context, (await ann(context)).record.setDataWithAck(name, { a: 1 }));
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.NOTIFY, names: [name], correlationId: "n" });
    const denial = await raw.nextOf({ action: RECORD_ACTION.MESSAGE_DENIED });
    assert.equal(denial.originalAction, RECORD_ACTION.NOTIFY);
    if (context.differs("denied-notify-is-an-error")) {
      assert.deepEqual(await raw.next(), {
        topic: TOPIC.RECORD, action: RECORD_ACTION.RECORD_NOTIFY_ERROR, isError: true, correlationId: "n",
        data: '"MESSAGE_DENIED"', originalAction: RECORD_ACTION.NOTIFY,
      });
    } else {
      assert.deepEqual(await raw.untilAnswered(), []);
    }
    assert.equal(await (await ann(context)).record.has(name), true);
  },

  "variables of the path": async (context) => {
    const client = await bob(context);
    await allowed(context, client.record.setDataWithAck(`own/bob/${context.prefix}`, { a: 1 }));
    await denied(context, client.record.setDataWithAck(`own/ann/${context.prefix}`, { a: 1 }));
    await denied(context, (await ann(context)).record.snapshot(`own/bob/${context.prefix}`));
    const both = await context.record(client, "two/a/b");
    const one = await context.record(client, "two/a/c");
    await allowed(context, both.setWithAck({ at: context.prefix }));
    await denied(context, one.setWithAck({ at: context.prefix }));
  },

  "data of the user": async (context) => {
    const [clerk, other] = [await ann(context), await bob(context)];
    const name = below(context, "clerks");
    await allowed(context, other.record.setDataWithAck(name, { a: 1 }));
    assert.deepEqual(await allowed(context, clerk.record.snapshot(name)), { a: 1 });
    await denied(context, other.record.snapshot(name));
  },

  "the new data": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "price"));
    await allowed(context, record.setWithAck({ price: 5 }));
    await denied(context, record.setWithAck({ price: 1001 }));
    assert.deepEqual(await (await ann(context)).record.snapshot(record.name), { price: 5 });
  },

  "the new data of a patch are the whole document": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "patched"));
    await allowed(context, record.setWithAck({ kind: "seat", price: 5 }));
    await allowed(context, record.setWithAck("price", 50));
    await denied(context, record.setWithAck("price", 500));
    assert.deepEqual(await (await ann(context)).record.snapshot(record.name), { kind: "seat", price: 50 });
  },

  "the old data": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "counter"));
    await allowed(context, record.setWithAck({ n: 1 }));
    await allowed(context, record.setWithAck({ n: 2 }));
    await denied(context, record.setWithAck({ n: 4 }));
    assert.deepEqual(await (await ann(context)).record.snapshot(record.name), { n: 2 });
  },

  "the old data of a deletion and of a read": async (context) => {
    const client = await bob(context);
    const name = below(context, "sealed");
    const record = await context.record(client, name);
    await allowed(context, record.setWithAck({ sealed: true, secret: false }));
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.DELETE, name });
    await raw.nextOf({ action: RECORD_ACTION.MESSAGE_DENIED });
    await allowed(context, record.setWithAck({ sealed: false, secret: true }));
    await denied(context, (await ann(context)).record.snapshot(name));
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.DELETE, name });
    await raw.nextOf({ action: RECORD_ACTION.DELETE_SUCCESS });
  },

  "other records": async (context) => {
    const [client, other] = [await bob(context), await ann(context)];
    const record = await context.record(client, `linked/${context.prefix}`);
    await denied(context, record.setWithAck({ a: 1 }));
    await allowed(context, other.record.setDataWithAck(`switch/${context.prefix}`, { on: true }));
    await allowed(context, other.record.setDataWithAck(record.name, { a: 2 }));
    await allowed(context, other.record.setDataWithAck(`switch/${context.prefix}`, { on: false }));
    await denied(context, other.record.setDataWithAck(record.name, { a: 3 }));
    assert.deepEqual(await other.record.snapshot(record.name), { a: 2 });
  },

  "other records that lead to others": async (context) => {
    const client = await bob(context);
    const name = `chained/${context.prefix}`;
    await allowed(context, client.record.setDataWithAck(`pointer/${context.prefix}`, { to: `goal/${context.prefix}` }));
    await allowed(context, client.record.setDataWithAck(`goal/${context.prefix}`, { open: true }));
    await allowed(context, client.record.setDataWithAck(name, { a: 1 }));
    await allowed(context, client.record.setDataWithAck(`goal/${context.prefix}`, { open: false }));
    await denied(context, client.record.setDataWithAck(name, { a: 2 }));
  },

  "the name": async (context) => {
    const client = await bob(context);
    const name = below(context, "same-as");
    await allowed(context, client.record.setDataWithAck(name, { name }));
    await denied(context, client.record.setDataWithAck(name, { name: "another" }));
  },

  "the time": async (context) => {
    const client = await bob(context);
    const name = below(context, "timed");
    await allowed(context, client.record.setDataWithAck(name, { until: Date.now() + 3600000 }));
    await denied(context, client.record.setDataWithAck(name, { until: Date.now() - 3600000 }));
  },

  "functions of texts": async (context) => {
    const client = await bob(context);
    const name = below(context, "texts");
    await allowed(context, client.record.setDataWithAck(name, { t: "  Xylophone!" }));
    await denied(context, client.record.setDataWithAck(name, { t: "Piano!" }));
    await denied(context, client.record.setDataWithAck(name, { t: "Xylophone" }));
  },

  "a rule that fails denies": async (context) => {
    const client = await bob(context);
    const record = await context.record(client, below(context, "throws"));
    await denied(context, record.setWithAck({ x: 1 }), "MESSAGE_PERMISSION_ERROR");
    assert.deepEqual(await (await ann(context)).record.snapshot(record.name), {});
    const other = await ann(context);
    await allowed(context, other.record.setDataWithAck(record.name, { a: { b: { c: 1 } } }));
  },

  "the longest path decides": async (context) => {
    const client = await bob(context);
    await allowed(context, client.record.setDataWithAck(`long/path/${context.prefix}`, { a: 1 }));
    await denied(context, client.record.setDataWithAck(`long/way/${context.prefix}`, { a: 1 }));
  },

  "publish": async (context) => {
    const [client, subscriber] = [await bob(context), await ann(context)];
    const [forbidden, free] = [below(context, "no-publish"), context.name("free")];
    const heard = [];
    for (const name of [forbidden, free]) subscriber.event.subscribe(name, (data) => heard.push(data));
    await context.reached(subscriber);
    client.event.emit(forbidden, "forbidden");
    client.event.emit(free, "free");
    await context.error(client, "MESSAGE_DENIED");
    await context.until(() => heard.length > 0, "the other event");
    assert.deepEqual(heard, ["free"]);
  },

  "publish, by the data": async (context) => {
    const [client, subscriber] = [await bob(context), await ann(context)];
    const name = below(context, "adults");
    const heard = [];
    subscriber.event.subscribe(name, (data) => heard.push(data.age));
    await context.reached(subscriber);
    for (const age of [17, 18, 5, 99]) client.event.emit(name, { age });
    await context.until(() => heard.length === 2, "two events");
    assert.deepEqual(heard, [18, 99]);
  },

  "subscribe": async (context) => {
    const [client, publisher] = [await bob(context), await ann(context)];
    const [forbidden, free] = [below(context, "no-subscribe"), context.name("free")];
    const heard = [];
    client.event.subscribe(forbidden, () => heard.push("forbidden"));
    await context.error(client, "MESSAGE_DENIED");
    client.event.subscribe(free, () => heard.push("free"));
    await context.reached(client);
    publisher.event.emit(forbidden, 1);
    publisher.event.emit(free, 1);
    await context.until(() => heard.length > 0, "the other event");
    assert.deepEqual(heard, ["free"]);
    assert.deepEqual(client.event.eventNames(), [free]);
  },

  "listen for events": async (context) => {
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN, name: "no-listen/.*" });
    assert.equal((await raw.next()).action, EVENT_ACTION.MESSAGE_DENIED);
  },

  "one denied name of several": async (context) => {
    const raw = await rawBob(context);
    const publisher = await ann(context);
    const [first, forbidden, last] = [context.name("first"), below(context, "no-subscribe"), context.name("last")];
    const names = [first, forbidden, last];
    raw.send({ topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names, correlationId: "0" });
    const denial = await raw.has({ topic: TOPIC.EVENT, action: EVENT_ACTION.MESSAGE_DENIED });
    assert.equal(denial.name, forbidden);
    assert.equal(denial.originalAction, EVENT_ACTION.SUBSCRIBE);
    await raw.has({ topic: TOPIC.EVENT, isAck: true });
    for (const name of [forbidden, last, first]) publisher.event.emit(name, name);
    await raw.nextOf({ action: EVENT_ACTION.EMIT, name: first });
    const isEvent = ({ topic, action }) => topic === TOPIC.EVENT && action === EVENT_ACTION.EMIT;
    const heard = raw.received().filter(isEvent).map((message) => message.name);
    assert.deepEqual(heard, context.differs("bulk-denial-removes-the-denied") ? [last, first] : [forbidden, first]);
  },

  "one denied name of several that are provided": async (context) => {
    const raw = await rawBob(context);
    const caller = await ann(context);
    const [first, forbidden, last] = [context.name("first"), below(context, "no-provide"), context.name("last")];
    const names = [first, forbidden, last];
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names, correlationId: "0" });
    assert.equal((await raw.has({ topic: TOPIC.RPC, action: RPC_ACTION.MESSAGE_DENIED })).name, forbidden);
    await raw.has({ topic: TOPIC.RPC, isAck: true });
    const isProvided = async (name) => {
      const isAsked = () => raw.received().some((message) => message.action === RPC_ACTION.REQUEST && message.name === name);
      let reason;
      // No provider answers; the provider that is asked is enough.
      caller.rpc.make(name, 1).catch((error) => { reason = error; });
      await context.until(() => isAsked() || reason, "a call to go somewhere");
      return isAsked();
    };
    const provided = [];
    for (const name of [forbidden, last, first]) if (await isProvided(name)) provided.push(name);
    assert.deepEqual(provided, context.differs("bulk-denial-removes-the-denied") ? [last, first] : [forbidden, first]);
  },

  "one denied record of several": async (context) => {
    const raw = await rawBob(context);
    const writer = await ann(context);
    const [first, forbidden, last] = [context.name("first"), below(context, "no-read"), context.name("last")];
    const names = [first, forbidden, last];
    for (const name of names) await allowed(context, writer.record.setDataWithAck(name, { a: 1 }));
    raw.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBEANDHEAD, names, correlationId: "0" });
    assert.equal((await raw.has({ action: RECORD_ACTION.MESSAGE_DENIED })).name, forbidden);
    await raw.has({ topic: TOPIC.RECORD, isAck: true });
    for (const name of [forbidden, last, first]) await allowed(context, writer.record.setDataWithAck(name, { a: 2 }));
    await raw.nextOf({ action: RECORD_ACTION.UPDATE, name: first });
    const told = raw.received().filter(({ action }) => action === RECORD_ACTION.UPDATE).map(({ name }) => name);
    assert.deepEqual(told, context.differs("bulk-denial-removes-the-denied") ? [last, first] : [forbidden, first]);
  },

  "provide": async (context) => {
    const raw = await rawBob(context);
    const name = below(context, "no-provide");
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names: [name], correlationId: "0" });
    const denial = await raw.nextOf({ action: RPC_ACTION.MESSAGE_DENIED });
    assert.equal(denial.originalAction, RPC_ACTION.PROVIDE);
    await denied(context, (await ann(context)).rpc.make(name, 1), "NO_RPC_PROVIDER");
  },

  "request": async (context) => {
    const [provider, client] = [await ann(context), await bob(context)];
    const [forbidden, limited] = [below(context, "no-request"), below(context, "limited")];
    let calls = 0;
    for (const name of [forbidden, limited]) provider.rpc.provide(name, (data, response) => {
      calls++;
      response.send(data);
    });
    await context.reached(provider);
    await denied(context, client.rpc.make(forbidden, 1));
    await denied(context, client.rpc.make(limited, { count: 10 }));
    assert.equal(calls, 0);
    assert.deepEqual(await allowed(context, client.rpc.make(limited, { count: 9 })), { count: 9 });
  },

  "presence": async (context) => {
    const raw = await rawBob(context);
    raw.send({ topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.SUBSCRIBE, names: ["hidden user"], correlationId: "0" });
    const denial = await raw.nextOf({ topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.MESSAGE_DENIED });
    assert.equal(denial.originalAction, PRESENCE_ACTION.SUBSCRIBE);
    raw.send({ topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.SUBSCRIBE, names: ["ann"], correlationId: "1" });
    await raw.nextOf({ action: PRESENCE_ACTION.SUBSCRIBE, isAck: true, correlationId: "1" });
  },

  "messages keep their order when a rule has to load a record": async (context) => {
    const [client, subscriber] = [await bob(context), await ann(context)];
    const [slow, fast] = [`async/${context.prefix}`, context.name("fast")];
    const heard = [];
    for (const name of [slow, fast]) subscriber.event.subscribe(name, (data) => heard.push(data));
    await context.reached(subscriber);
    for (let n = 0; n < 100; n++) client.event.emit(n % 2 ? fast : slow, n);
    await context.until(() => heard.length === 100, "all events");
    const inOrder = Array.from({ length: 100 }, (_, n) => n);
    if (context.differs("rules-keep-the-order")) assert.deepEqual(heard, inOrder);
    else assert.deepEqual([...heard].sort((a, b) => a - b), inOrder);
  },
};

module.exports.wishes = { rules, auth: [{ type: "file", users }] };
module.exports.tests = ruleTests;
