"use strict";

const assert = require("node:assert/strict");

// A client behind a proxy, and one that is connected directly.
async function pair(context, options = {}, authData = {}) {
  const proxy = await context.proxy();
  const far = await context.login(authData, { url: proxy.url, ...options });
  const near = await context.login();
  return { proxy, far, near };
}

const isOpen = (client) => () => client.getConnectionState() === "OPEN";

async function cut(context, proxy, client) {
  proxy.cut();
  await context.until(() => client.getConnectionState() === "RECONNECTING", "the loss of the connection");
}

async function mend(context, proxy, client) {
  proxy.mend();
  await context.until(isOpen(client), "the connection to come back");
}

const throughProxy = {
  "a client reconnects automatically": async (context) => {
    const { proxy, far } = await pair(context);
    await cut(context, proxy, far);
    await mend(context, proxy, far);
    assert.equal(await context.settled(far.record.head(context.name("x")), "an answer"), -1);
    assert.equal(proxy.accepted, 2);
  },

  "it reconnects with the same login": async (context) => {
    const user = `ann-${context.prefix}`;
    const { proxy, far, near } = await pair(context, {}, { username: user });
    await cut(context, proxy, far);
    await context.until(async () => !(await near.presence.getAll([user]))[user], "the user to go");
    await mend(context, proxy, far);
    await context.until(async () => (await near.presence.getAll([user]))[user], "the user to come back");
  },

  "events are subscribed to again": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("event");
    const heard = [];
    far.event.subscribe(name, (data) => heard.push(data));
    await context.reached(far);
    const witness = await context.login();
    const seen = [];
    witness.event.subscribe(name, (data) => seen.push(data));
    await context.reached(witness);
    await cut(context, proxy, far);
    near.event.emit(name, "lost");
    // An event may be delivered later than a request that its emitter made afterwards is answered.
    await context.until(() => seen.length > 0, "the event, for another client");
    await mend(context, proxy, far);
    await context.reached(far);
    near.event.emit(name, "heard");
    await context.until(() => heard.length > 0, "the event");
    assert.deepEqual(heard, ["heard"]);
  },

  "events that are emitted in between are sent then": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("limbo");
    const heard = [];
    near.event.subscribe(name, (data) => heard.push(data));
    await context.reached(near);
    await cut(context, proxy, far);
    far.event.emit(name, 1);
    far.event.emit(name, 2);
    await mend(context, proxy, far);
    await context.until(() => heard.length === 2, "both events");
    assert.deepEqual(heard, [1, 2]);
  },

  "a record catches up": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("record");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    await context.settled(mine.setWithAck({ a: 1 }), "an acknowledgement");
    await context.until(() => theirs.version === 1, "the first write");
    await cut(context, proxy, far);
    for (let n = 2; n <= 5; n++) await context.settled(mine.setWithAck({ a: n }), "an acknowledgement");
    await mend(context, proxy, far);
    await context.until(() => theirs.get("a") === 5, "the newest state");
    assert.equal(theirs.version, 5);
    mine.set({ a: 6 });
    await context.until(() => theirs.get("a") === 6, "the next write");
    await context.settled(theirs.setWithAck({ a: 7 }), "an acknowledgement");
    await context.until(() => mine.get("a") === 7, "the write of the other");
  },

  "an unchanged record remains usable": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("unchanged");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    await context.settled(mine.setWithAck({ a: 1 }), "an acknowledgement");
    await context.until(() => theirs.version === 1, "the first write");
    await cut(context, proxy, far);
    await mend(context, proxy, far);
    await context.reached(far);
    await context.settled(mine.setWithAck({ a: 2 }), "an acknowledgement");
    await context.until(() => theirs.version === 2, "the next write");
    assert.deepEqual(theirs.get(), { a: 2 });
  },

  "many records catch up": async (context) => {
    const { proxy, far, near } = await pair(context);
    const names = Array.from({ length: 100 }, (_, n) => context.name(`many/${n}`));
    const records = names.map((name) => far.record.getRecord(name));
    await context.settled(Promise.all(records.map((record) => record.whenReady())), "all records");
    await cut(context, proxy, far);
    await context.settled(Promise.all(names.map((name, n) => near.record.setDataWithAck(name, { n }))), "all writes");
    await mend(context, proxy, far);
    const behind = () => records.filter((record, n) => record.get("n") !== n);
    await context.until(() => behind().length === 0, () => `${behind().map(({ name }) => name)} to catch up, after ${
      proxy.accepted} connections`);
  },

  "the server's state replaces offline writes": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("offline");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    await context.settled(theirs.setWithAck({ a: 1 }), "an acknowledgement");
    await context.until(() => mine.version === 1, "the first write");
    await cut(context, proxy, far);
    theirs.set("b", 2);
    assert.deepEqual(theirs.get(), { a: 1, b: 2 });
    await mend(context, proxy, far);
    await context.until(() => theirs.get("b") === undefined, "the server's state");
    await context.settled(theirs.setWithAck("c", 3), "an acknowledgement");
    await context.until(() => mine.get("c") === 3, "the next write");
    assert.deepEqual(mine.get(), { a: 1, c: 3 });
  },

  "a record that was opened offline becomes ready": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("created");
    await cut(context, proxy, far);
    const record = far.record.getRecord(name);
    record.set({ a: 1 });
    await mend(context, proxy, far);
    await context.until(() => near.record.has(name), "the record");
    assert.deepEqual(await near.record.snapshot(name), { a: 1 });
    await context.settled(record.setWithAck({ a: 2 }), "an acknowledgement");
  },

  "a record that was deleted meanwhile is gone": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("deleted");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    for (let a = 1; a <= 2; a++) await context.settled(mine.setWithAck({ a }), "an acknowledgement");
    await context.until(() => theirs.version === 2, "both writes");
    let isDeleted = false;
    theirs.on("delete", () => { isDeleted = true; });
    await cut(context, proxy, far);
    await context.settled(mine.delete(), "the deletion");
    await mend(context, proxy, far);
    await context.until(() => isDeleted, "the deletion to be heard of");
    assert.deepEqual(far.record.names(), []);
  },

  "a record of version 1 that was deleted meanwhile is made again by the client": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("made-again");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    await context.settled(mine.setWithAck({ a: 1 }), "an acknowledgement");
    await context.until(() => theirs.version === 1, "the write");
    await cut(context, proxy, far);
    await context.settled(mine.delete(), "the deletion");
    await mend(context, proxy, far);
    await context.until(async () => (await near.record.head(name)) === 1, "the record");
    assert.deepEqual(await near.record.snapshot(name), { a: 1 });
  },

  "a write that waits for its acknowledgement fails": async (context) => {
    const { proxy, far } = await pair(context);
    const record = await context.record(far, context.name("pending"));
    await cut(context, proxy, far);
    const write = context.settled(record.setWithAck({ a: 1 }), "an answer");
    await assert.rejects(write, (error) => error === "client offline");
  },

  "provided calls are provided again": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("rpc");
    far.rpc.provide(name, (data, response) => response.send(data + 1));
    await context.reached(far);
    assert.equal(await context.settled(near.rpc.make(name, 1), "an answer"), 2);
    await cut(context, proxy, far);
    await mend(context, proxy, far);
    await context.reached(far);
    assert.equal(await context.settled(near.rpc.make(name, 2), "an answer"), 3);
  },

  "a call that is under way fails": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("rpc");
    let isAsked = false;
    near.rpc.provide(name, () => { isAsked = true; });
    await context.reached(near);
    const outcome = context.settled(far.rpc.make(name, 1), "an answer");
    outcome.catch(() => {});
    await context.until(() => isAsked, "the call");
    await cut(context, proxy, far);
    await assert.rejects(outcome, (error) => error === "client offline");
  },

  "listeners listen again": async (context) => {
    const { proxy, far, near } = await pair(context);
    const found = [];
    far.record.listen(context.name("live/") + ".*", (name, response) => {
      found.push(name);
      response.accept();
    });
    await context.reached(far);
    const record = await context.record(near, context.name("live/1"));
    await context.until(() => record.hasProvider, "a provider");
    await cut(context, proxy, far);
    await context.until(() => !record.hasProvider, "the provider's end");
    await mend(context, proxy, far);
    await context.until(() => record.hasProvider, "the provider to come back");
    assert.deepEqual(found, [context.name("live/1"), context.name("live/1")]);
  },

  "presence is subscribed to again": async (context) => {
    const { proxy, far } = await pair(context);
    const user = `bob-${context.prefix}`;
    const changes = [];
    const all = [];
    far.presence.subscribe(user, (name, isThere) => changes.push(isThere));
    far.presence.subscribe((name, isThere) => { if (name === user) all.push(isThere); });
    await context.reached(far);
    await cut(context, proxy, far);
    await mend(context, proxy, far);
    await context.reached(far);
    await context.login({ username: user });
    await context.until(() => changes.includes(true) && all.includes(true), "the user");
  },

  "a client can pause and resume": async (context) => {
    const client = await context.login();
    const name = context.name("paused");
    const record = await context.record(client, name);
    client.pause();
    await context.until(() => client.getConnectionState() === "OFFLINE", "the pause");
    const other = await context.login();
    await context.settled(other.record.setDataWithAck(name, { a: 1 }), "an acknowledgement");
    client.resume();
    await context.until(isOpen(client), "the connection to come back");
    await context.until(() => record.get("a") === 1, "the write");
  },

  "ten losses in a row": async (context) => {
    const { proxy, far, near } = await pair(context);
    const name = context.name("often");
    const [mine, theirs] = [await context.record(near, name), await context.record(far, name)];
    for (let round = 1; round <= 10; round++) {
      await cut(context, proxy, far);
      await context.settled(mine.setWithAck({ round }), "an acknowledgement");
      await mend(context, proxy, far);
      await context.until(() => theirs.get("round") === round, `round ${round}`);
    }
    assert.equal(theirs.version, 10);
  },
};

const restarts = {
  "records after a restart of the server": async (context) => {
    const client = await context.login();
    const name = context.name("restart");
    const record = await context.record(client, name);
    let isDeleted = false;
    record.on("delete", () => { isDeleted = true; });
    for (let n = 1; n <= 3; n++) await context.settled(record.setWithAck({ n }), "an acknowledgement");
    await context.target.restart();
    await context.until(isOpen(client), "the connection to come back");
    if (context.differs("records-survive-a-restart")) {
      assert.equal(await (await context.login()).record.head(name), 3);
      await context.resubscribed(client);
      assert.equal(record.version, 3);
      await context.settled(record.setWithAck({ n: 4 }), "an acknowledgement");
      assert.deepEqual(await (await context.login()).record.snapshot(name), { n: 4 });
    } else {
      await context.until(() => isDeleted, "the record to vanish");
    }
  },

  "subscriptions after a restart of the server": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("restart");
    const heard = [];
    subscriber.event.subscribe(name, (data) => heard.push(data));
    subscriber.rpc.provide(name, (data, response) => response.send(data));
    await context.reached(subscriber);
    await context.target.restart();
    for (const client of [emitter, subscriber]) await context.until(isOpen(client), "the connection to come back");
    await context.reached(subscriber);
    emitter.event.emit(name, 1);
    await context.until(() => heard.length === 1, "the event");
    assert.equal(await context.settled(emitter.rpc.make(name, 2), "an answer"), 2);
  },
};

module.exports.groups = [{ tests: throughProxy }, { tests: restarts }];
