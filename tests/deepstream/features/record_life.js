"use strict";
// The life of records from the first request to deletion, without writes.

const assert = require("node:assert/strict");

// Returns what subscribers of a record receive, in order.
function told(record, path) {
  const values = [];
  if (path === undefined) record.subscribe((data) => values.push(data));
  else record.subscribe(path, (data) => values.push(data));
  return values;
}

// A record that two clients have open.
async function shared(context, name = context.name("shared")) {
  const [a, b] = await context.clients(2);
  const records = [await context.record(a, name), await context.record(b, name)];
  return { a, b, name, mine: records[0], theirs: records[1] };
}

module.exports.tests = {
  "snapshot of a missing record is an error": async (context) => {
    const client = await context.login();
    const name = context.name("missing");
    await assert.rejects(context.settled(client.record.snapshot(name), "an answer"),
                         (error) => error === "RECORD_NOT_FOUND");
    const told = new Promise((resolve) => client.record.snapshot(name, (error, data) => resolve({ error, data })));
    assert.equal((await context.settled(told, "an answer")).error, "RECORD_NOT_FOUND");
    assert.equal(await client.record.has(name), false);
  },

  "snapshot of an open record needs no server": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("open"));
    record.set({ a: 1 });
    assert.deepEqual(await client.record.snapshot(record.name), { a: 1 });
    assert.equal(await client.record.head(record.name), 1);
  },

  "many ask for one record at once": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("many");
    await writer.record.setDataWithAck(name, { a: 1 });
    const answers = await context.settled(
      Promise.all(Array.from({ length: 50 }, () => reader.record.snapshot(name))), "50 answers");
    assert.ok(answers.every((answer) => answer.a === 1));
  },

  "head and has tell versions": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("head");
    assert.equal(await context.settled(reader.record.head(name), "an answer"), -1);
    assert.equal(await context.settled(reader.record.has(name), "an answer"), false);
    const record = await context.record(writer, name);
    assert.equal(await context.settled(reader.record.head(name), "an answer"), 0);
    assert.equal(await context.settled(reader.record.has(name), "an answer"), true);
    await record.setWithAck({ a: 1 });
    assert.equal(await context.settled(reader.record.head(name), "an answer"), 1);
    const has = new Promise((resolve) => reader.record.has(name, (error, value) => resolve([error, value])));
    assert.deepEqual(await context.settled(has, "an answer"), [null, true]);
  },

  "a discarded record gets no changes": async (context) => {
    const { a, b, mine, theirs, name } = await shared(context);
    theirs.discard();
    await context.until(() => b.record.names().length === 0, "the end of the subscription");
    await mine.setWithAck({ a: 1 });
    await context.reached(b);
    assert.deepEqual(b.errors, []);
    // It can be opened again, and is up to date then.
    const again = await context.record(b, name);
    assert.deepEqual(again.get(), { a: 1 });
    const values = told(again, "a");
    mine.set("a", 2);
    await context.until(() => values.length === 1, "a change");
    assert.deepEqual(a.errors, []);
  },

  "a record that is opened again at once stays open": async (context) => {
    const { b, mine, theirs, name } = await shared(context);
    theirs.discard();
    const again = await context.record(b, name);
    const values = told(again, "a");
    mine.set("a", 1);
    await context.until(() => values.length === 1, "a change");
    assert.deepEqual(b.record.names(), [name]);
  },

  "delete ends a record for every client": async (context) => {
    const { a, b, mine, theirs, name } = await shared(context);
    await mine.setWithAck({ a: 1 });
    const deleted = [];
    mine.on("delete", () => deleted.push("mine"));
    theirs.on("delete", () => deleted.push("theirs"));
    await context.settled(mine.delete(), "the deletion");
    await context.until(() => deleted.length === 2, "both to hear of it");
    assert.deepEqual(deleted.sort(), ["mine", "theirs"]);
    assert.deepEqual([...a.record.names(), ...b.record.names()], []);
    assert.equal(await a.record.has(name), false);
  },

  "delete takes a callback": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("callback"));
    const error = await context.settled(new Promise((resolve) => record.delete(resolve)), "the deletion");
    assert.equal(error, null);
  },

  "a deleted record can be created again": async (context) => {
    const { a, b, mine, name } = await shared(context);
    await mine.setWithAck({ a: 1 });
    await context.settled(mine.delete(), "the deletion");
    await context.until(() => b.record.names().length === 0, "the others to hear of it");
    const again = await context.record(a, name);
    assert.deepEqual(again.get(), {});
    assert.equal(again.version, 0);
    const others = await context.record(b, name);
    const values = told(others);
    await context.settled(again.setWithAck({ b: 2 }), "an acknowledgement");
    await context.until(() => values.length === 1, "a change");
    assert.equal(others.version, 1);
  },

  "a deleted record cannot be used": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("dead"));
    await context.settled(record.delete(), "the deletion");
    record.set({ a: 1 });
    assert.equal((await context.error(client, "RECORD_ALREADY_DESTROYED")).topic, "RECORD");
  },

  "delete without a record object is not offered by the client": async (context) => {
    const client = await context.login();
    assert.throws(() => client.record.delete(context.name("x")), /not yet supported/);
  },

  "notify is acknowledged": async (context) => {
    const { a, b, mine, theirs, name } = await shared(context);
    await mine.setWithAck({ a: 1 });
    await context.settled(a.record.notify([name]), "an acknowledgement");
    if (context.differs("notify-never-deletes")) {
      await context.reached(b);
      assert.deepEqual(theirs.get(), { a: 1 });
      assert.equal(await (await context.login()).record.head(name), 1);
    } else {
      await context.until(() => b.record.names().length === 0, "the record to vanish");
      assert.equal(await b.record.has(name), false);
    }
  },

  "read only clients see records and create none": async (context) => {
    const writer = await context.login();
    const reader = await context.login({}, { recordReadOnlyMode: true });
    const name = context.name("read-only");
    const early = await context.record(reader, name);
    assert.equal(early.version, -1);
    assert.deepEqual(early.get(), {});
    assert.equal(await writer.record.has(name), false);
    const values = told(early);
    const record = await context.record(writer, name);
    await record.setWithAck({ a: 1 });
    await context.until(() => values.length > 0, "the change");
    assert.deepEqual(early.get(), { a: 1 });
    early.set({ a: 2 });
    await context.error(reader, "RECORD_READ_ONLY_MODE");
    assert.deepEqual(await (await context.login()).record.snapshot(name), { a: 1 });
  },

  "prefixes of a read only client may be written": async (context) => {
    const prefix = context.name("writable");
    const client = await context.login({}, { recordReadOnlyMode: true, recordPrefixWriteWhitelist: [prefix] });
    const record = await context.record(client, `${prefix}/1`);
    await context.settled(record.setWithAck({ a: 1 }), "an acknowledgement");
    assert.deepEqual(await (await context.login()).record.snapshot(`${prefix}/1`), { a: 1 });
  },
};
