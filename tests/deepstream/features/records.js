"use strict";

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
  "a new record is empty and has version 0": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("new"));
    assert.deepEqual(record.get(), {});
    assert.equal(record.version, 0);
    assert.equal(record.isReady, true);
    assert.equal(record.hasProvider, false);
  },

  "whenReady takes a callback as well": async (context) => {
    const client = await context.login();
    const record = client.record.getRecord(context.name("callback"));
    const ready = await context.settled(new Promise((resolve) => record.whenReady(resolve)), "the record");
    assert.equal(ready, record);
  },

  "set of a whole record reaches the others": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = told(theirs);
    mine.set({ name: "A12", price: 4200, tags: ["x", null, true], nested: { deep: { 1: -0.5 } } });
    await context.until(() => values.length === 1, "the change");
    assert.deepEqual(values[0], { name: "A12", price: 4200, tags: ["x", null, true], nested: { deep: { 1: -0.5 } } });
    assert.deepEqual(theirs.get(), values[0]);
    assert.equal(theirs.version, 1);
    assert.equal(mine.version, 1);
  },

  "set of a path reaches the others, and only its subscribers": async (context) => {
    const { mine, theirs } = await shared(context);
    const all = told(theirs);
    const street = told(theirs, "address.street");
    const city = told(theirs, "address.city");
    mine.set("address.street", "Ring");
    mine.set("address.zip", 1010);
    mine.set("address.street", "Gürtel");
    await context.until(() => all.length === 3, "three changes");
    assert.deepEqual(street, ["Ring", "Gürtel"]);
    assert.deepEqual(city, []);
    assert.deepEqual(theirs.get(), { address: { street: "Gürtel", zip: 1010 } });
    assert.equal(theirs.get("address.zip"), 1010);
    assert.equal(theirs.get("address.none"), undefined);
  },

  "paths make arrays and objects on their way": async (context) => {
    const { mine, theirs } = await shared(context);
    const all = told(theirs);
    mine.set("rows[2].cells[0]", "x");
    mine.set("matrix[1][1]", 5);
    mine.set("map.0", "a string key");
    await context.until(() => all.length === 3, "three changes");
    const expected = {
      rows: [null, null, { cells: ["x"] }], matrix: [null, [null, 5]], map: { 0: "a string key" },
    };
    assert.deepEqual(JSON.parse(JSON.stringify(theirs.get())), expected);
    const third = await context.login();
    assert.deepEqual(await context.settled(third.record.snapshot(mine.name), "a snapshot"), expected);
  },

  "a path replaces a value of another kind": async (context) => {
    const { mine, theirs } = await shared(context);
    const all = told(theirs);
    mine.set({ a: "text", list: [1, 2, 3] });
    mine.set("list[1]", { x: 1 });
    mine.set("a", null);
    await context.until(() => all.length === 3, "three changes");
    const third = await context.login();
    const stored = await context.settled(third.record.snapshot(mine.name), "a snapshot");
    assert.deepEqual(stored, { a: null, list: [1, { x: 1 }, 3] });
  },

  "erase removes a value": async (context) => {
    const { mine, theirs } = await shared(context);
    const all = told(theirs);
    const inner = told(theirs, "a.b");
    mine.set({ a: { b: 1, c: 2 } });
    mine.erase("a.b");
    await context.until(() => all.length === 2, "two changes");
    assert.deepEqual(theirs.get(), { a: { c: 2 } });
    assert.deepEqual(inner, [1, undefined]);
    assert.equal(theirs.version, 2);
  },

  "set of undefined removes a value as well": async (context) => {
    const { mine, theirs } = await shared(context);
    const all = told(theirs);
    mine.set({ a: 1, b: 2 });
    mine.set("a", undefined);
    await context.until(() => all.length === 2, "two changes");
    assert.deepEqual(theirs.get(), { b: 2 });
  },

  "eraseWithAck is acknowledged": async (context) => {
    const { mine, b, name } = await shared(context);
    await context.settled(mine.setWithAck({ a: 1, b: 2 }), "an acknowledgement");
    await context.settled(mine.eraseWithAck("a"), "an acknowledgement");
    await b.record.head(name);
    const third = await context.login();
    assert.deepEqual(await third.record.snapshot(name), { b: 2 });
    assert.equal(await third.record.head(name), 2);
  },

  "setWithAck resolves when every client can see the write": async (context) => {
    const client = await context.login();
    const other = await context.login();
    const name = context.name("acknowledged");
    const record = await context.record(client, name);
    for (let version = 1; version <= 20; version++) {
      await context.settled(record.setWithAck({ version }), "an acknowledgement");
      assert.deepEqual(await other.record.snapshot(name), { version });
      assert.equal(await other.record.head(name), version);
    }
  },

  "set takes a callback for the acknowledgement": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("callback"));
    const write = (...args) => context.settled(new Promise((resolve) => record.set(...args, resolve)), "a callback");
    assert.equal(await write({ a: 1 }), null);
    assert.equal(await write("b", 2), null);
    // Nothing changes, and nothing is sent.
    assert.equal(await write("b", 2), null);
    assert.equal(record.version, 2);
  },

  "many writes in a row arrive in their order": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = told(theirs, "n");
    for (let n = 1; n <= 500; n++) mine.set("n", n);
    await context.until(() => values.length === 500, () => `500 changes; came ${values.length}`);
    assert.deepEqual(values, Array.from({ length: 500 }, (_, index) => index + 1));
    assert.equal(theirs.version, 500);
  },

  "writes made before a record is ready are carried out": async (context) => {
    const client = await context.login();
    const name = context.name("early");
    const record = client.record.getRecord(name);
    const write = context.settled(record.setWithAck("a", 1), "an acknowledgement");
    record.set("b", 2);
    await write;
    const other = await context.login();
    await context.until(async () => (await other.record.snapshot(name)).b === 2, "both writes");
    assert.deepEqual(await other.record.snapshot(name), { a: 1, b: 2 });
  },

  "subscribe with triggerNow delivers the current data": async (context) => {
    const client = await context.login();
    const record = client.record.getRecord(context.name("now"));
    record.set({ a: 1 });
    const whole = [];
    const part = [];
    record.subscribe((data) => whole.push(data), true);
    record.subscribe("a", (data) => part.push(data), true);
    await context.until(() => whole.length > 0 && part.length > 0, "what is there");
    assert.deepEqual(part.at(-1), 1);
    assert.deepEqual(whole.at(-1), { a: 1 });
  },

  "unsubscribe ends the notifications of a subscriber": async (context) => {
    const { mine, theirs } = await shared(context);
    const gone = [];
    const subscriber = (data) => gone.push(data);
    theirs.subscribe("a", subscriber);
    mine.set("a", 1);
    await context.until(() => gone.length === 1, "the first change");
    theirs.unsubscribe("a", subscriber);
    const stays = told(theirs, "a");
    mine.set("a", 2);
    await context.until(() => stays.length === 1, "the second change");
    assert.deepEqual(gone, [1]);
  },

  "a client has one copy of a record": async (context) => {
    const client = await context.login();
    const name = context.name("same");
    const [one, two] = [await context.record(client, name), await context.record(client, name)];
    const values = told(two, "a");
    one.set("a", 1);
    assert.deepEqual(values, [1]);
    assert.deepEqual(client.record.names(), [name]);
  },

  "several records are opened at once": async (context) => {
    const client = await context.login();
    const records = Array.from({ length: 200 }, (_, n) => client.record.getRecord(context.name(`many/${n}`)));
    await context.settled(Promise.all(records.map((record) => record.whenReady())), "all records");
    assert.ok(records.every((record) => record.version === 0));
  },

  "names may have any characters": async (context) => {
    const [writer, reader] = await context.clients(2);
    const names = [
      "with space", "ünïcode/名前", "a//b", "/leading", "trailing/", "dots.and..dots", "stars*and**", "?&=%#%2F",
      "$sys/presence/x", "quotes\"'\\", "emoji/😀", "tab\tnew\nline", "colon:;,", "{}[]()",
    ];
    for (const base of names) {
      const name = base.startsWith("$") || base.startsWith("/") ? base + context.name("") : context.name(base);
      await context.settled(writer.record.setDataWithAck(name, { base }), `a write of ${name}`);
      assert.deepEqual(await reader.record.snapshot(name), { base });
    }
  },

  "a root may be an array": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = told(theirs);
    mine.set(["a", { b: 1 }]);
    await context.until(() => values.length === 1, "the change");
    assert.deepEqual(theirs.get(), ["a", { b: 1 }]);
  },

  "a root may not be a scalar": async (context) => {
    const client = await context.login();
    const record = await context.record(client, context.name("scalar"));
    assert.throws(() => record.set(5), Error);
    assert.throws(() => record.set(null), Error);
    assert.equal(record.version, 0);
  },

  "setData writes a record that no client has open": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("data");
    await context.settled(writer.record.setDataWithAck(name, { a: { b: 1 } }), "an acknowledgement");
    await context.settled(writer.record.setDataWithAck(name, "a.c", [2]), "an acknowledgement");
    assert.deepEqual(await reader.record.snapshot(name), { a: { b: 1, c: [2] } });
    await context.settled(writer.record.setDataWithAck(name, "a.b", undefined), "an acknowledgement");
    assert.deepEqual(await reader.record.snapshot(name), { a: { c: [2] } });
    const before = await reader.record.head(name);
    await context.settled(writer.record.setDataWithAck(name, { z: 0 }), "an acknowledgement");
    assert.deepEqual(await reader.record.snapshot(name), { z: 0 });
    assert.equal(await reader.record.head(name), before + 1);
    assert.deepEqual(writer.record.names(), []);
  },

  "setData of a path makes the record": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("path");
    await context.settled(writer.record.setDataWithAck(name, "a[1].b", "x"), "an acknowledgement");
    assert.deepEqual(await reader.record.snapshot(name), { a: [null, { b: "x" }] });
  },

  "setData reaches clients that have the record open": async (context) => {
    const { a, theirs, name } = await shared(context);
    const other = await context.login();
    const values = told(theirs);
    other.record.setData(name, { x: 1 });
    other.record.setData(name, "y", 2);
    await context.until(() => values.length === 2, "two changes");
    assert.deepEqual(theirs.get(), { x: 1, y: 2 });
    // In a client that has the record open, it is an ordinary write.
    a.record.setData(name, "z", 3);
    await context.until(() => values.length === 3, "a third change");
    assert.equal(theirs.version, 3);
  },

  "setDataWithAck takes a callback": async (context) => {
    const client = await context.login();
    const name = context.name("callback");
    const written = new Promise((resolve) => {
      client.record.setDataWithAck(name, { a: 1 }, (error, recordName) => resolve({ error, recordName }));
    });
    assert.deepEqual(await context.settled(written, "a callback"), { error: null, recordName: name });
  },

  "large records": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = told(theirs);
    const text = "x".repeat(500 * 1024);
    await context.settled(mine.setWithAck({ text }), "an acknowledgement");
    await context.until(() => values.length === 1, "the change");
    assert.equal(theirs.get("text"), text);
  },

  "erasing below a missing parent makes the parent": async (context) => {
    const [client, other] = await context.clients(2);
    const name = context.name("erased");
    const mine = await context.record(client, name);
    const theirs = await context.record(other, name);
    for (const path of ["hold.x", "a.b.c", "list[0].x"]) {
      await context.settled(mine.eraseWithAck(path), "an acknowledgement");
      await context.until(() => theirs.version === mine.version, "the change");
      assert.deepEqual(theirs.get(), mine.get());
      assert.deepEqual(mine.get(), await (await context.login()).record.snapshot(name));
    }
    assert.deepEqual(mine.get(), { hold: {}, a: { b: {} }, list: [{}] });
  },

  "half a surrogate pair": async (context) => {
    const [client, other] = await context.clients(2);
    const record = await context.record(client, context.name("half"));
    const text = "🎫 ticket 🎫".slice(0, 11);
    await context.settled(record.setWithAck({ text }), "an acknowledgement");
    const stored = await other.record.snapshot(record.name);
    const isReplaced = context.differs("halves-of-characters-are-replaced");
    assert.equal(stored.text, isReplaced ? `${text.slice(0, -1)}\ufffd` : text);
    assert.deepEqual(record.get(), stored);
  },

  "members keep their values, whatever their order": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("order");
    await writer.record.setDataWithAck(name, { z: 1, a: 2, m: { y: 1, b: 2 } });
    const stored = await reader.record.snapshot(name);
    assert.deepEqual(stored, { z: 1, a: 2, m: { y: 1, b: 2 } });
    const order = context.differs("members-are-sorted") ? ["a", "m", "z"] : ["z", "a", "m"];
    assert.deepEqual(Object.keys(stored), order);
  },

  "numbers keep their values": async (context) => {
    const [writer, reader] = await context.clients(2);
    const name = context.name("numbers");
    const numbers = [0, -1, 1.5, 1e300, 5e-324, 0.1, 9007199254740991, -9007199254740991, 1e21, 123456789012];
    await writer.record.setDataWithAck(name, { numbers });
    assert.deepEqual((await reader.record.snapshot(name)).numbers, numbers);
  },
};
