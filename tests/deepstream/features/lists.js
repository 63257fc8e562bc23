"use strict";

const assert = require("node:assert/strict");

// A list that two clients have open.
async function shared(context) {
  const [a, b] = await context.clients(2);
  const name = context.name("list");
  return { a, b, name, mine: await context.list(a, name), theirs: await context.list(b, name) };
}

// Returns the events of a list about its entries, in order.
function entryEvents(list) {
  const events = [];
  for (const kind of ["entry-added", "entry-removed", "entry-moved"]) {
    list.on(kind, (entry, index) => events.push([kind, entry, index]));
  }
  return events;
}

module.exports.tests = {
  "a new list is empty": async (context) => {
    const client = await context.login();
    const list = await context.list(client, context.name("new"));
    assert.deepEqual(list.getEntries(), []);
    assert.equal(list.isEmpty(), true);
    assert.equal(list.version, 0);
  },

  "entries are added at the end and at places": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = [];
    theirs.subscribe((entries) => values.push(entries));
    mine.addEntry("b");
    mine.addEntry("c");
    mine.addEntry("a", 0);
    await context.until(() => values.length === 3, "three changes");
    assert.deepEqual(values, [["b"], ["b", "c"], ["a", "b", "c"]]);
    assert.deepEqual(theirs.getEntries(), ["a", "b", "c"]);
    assert.equal(theirs.isEmpty(), false);
    assert.equal(theirs.version, 3);
  },

  "entries are removed by name and by place": async (context) => {
    const { mine, theirs } = await shared(context);
    const values = [];
    theirs.subscribe((entries) => values.push(entries));
    mine.setEntries(["a", "b", "a", "c", "a"]);
    mine.removeEntry("a", 2);
    mine.removeEntry("a");
    mine.removeEntry("none");
    await context.until(() => values.length === 3, "three changes");
    assert.deepEqual(values, [["a", "b", "a", "c", "a"], ["a", "b", "c", "a"], ["b", "c"]]);
  },

  "writes are acknowledged": async (context) => {
    const { mine, name } = await shared(context);
    const other = await context.login();
    await context.settled(mine.setEntriesWithAck(["a"]), "an acknowledgement");
    assert.deepEqual(await other.record.snapshot(name), ["a"]);
    const added = new Promise((resolve) => mine.addEntry("b", undefined, resolve));
    assert.equal(await context.settled(added, "an acknowledgement"), null);
    const removed = new Promise((resolve) => mine.removeEntry("a", undefined, resolve));
    assert.equal(await context.settled(removed, "an acknowledgement"), null);
    assert.deepEqual(await other.record.snapshot(name), ["b"]);
  },

  "entry events report the change to other clients": async (context) => {
    const { mine, theirs } = await shared(context);
    const events = entryEvents(theirs);
    mine.setEntries(["a", "b"]);
    mine.addEntry("c", 1);
    mine.removeEntry("a");
    mine.setEntries(["b", "c"]);
    await context.until(() => theirs.version === 4, "four changes");
    assert.deepEqual(events.filter(([kind]) => kind === "entry-added"),
                     [["entry-added", "a", 0], ["entry-added", "b", 1], ["entry-added", "c", 1]]);
    assert.deepEqual(events.filter(([kind]) => kind === "entry-removed"), [["entry-removed", "a", 0]]);
    assert.ok(events.some(([kind, entry, index]) => kind === "entry-moved" && entry === "b" && index === 0));
  },

  "entry events report the change to the writer": async (context) => {
    const { mine } = await shared(context);
    const events = entryEvents(mine);
    mine.addEntry("a");
    mine.removeEntry("a");
    assert.deepEqual(events, [["entry-added", "a", 0], ["entry-removed", "a", 0]]);
  },

  "unsubscribe ends the notifications of a subscriber": async (context) => {
    const { mine, theirs } = await shared(context);
    const gone = [];
    const subscriber = (entries) => gone.push(entries);
    theirs.subscribe(subscriber);
    theirs.unsubscribe(subscriber);
    const stays = [];
    theirs.subscribe((entries) => stays.push(entries));
    mine.addEntry("a");
    await context.until(() => stays.length === 1, "the change");
    assert.deepEqual(gone, []);
  },

  "only texts are entries": async (context) => {
    const client = await context.login();
    const list = await context.list(client, context.name("texts"));
    assert.throws(() => list.setEntries(["a", 1]), /array of record names/);
    assert.throws(() => list.addEntry(1), /recordName/);
  },

  "a list is a record": async (context) => {
    const { mine, name } = await shared(context);
    const other = await context.login();
    await context.settled(mine.setEntriesWithAck(["a", "b"]), "an acknowledgement");
    assert.equal(await other.record.head(name), 1);
    await context.settled(other.record.setDataWithAck(name, ["c"]), "an acknowledgement");
    await context.until(() => mine.version === 2, "the change");
    assert.deepEqual(mine.getEntries(), ["c"]);
  },

  "a list can be deleted and discarded": async (context) => {
    const { a, b, mine, theirs, name } = await shared(context);
    await context.settled(mine.setEntriesWithAck(["a"]), "an acknowledgement");
    theirs.discard();
    await context.until(() => b.record.names().length === 0, "the end of the subscription");
    await context.settled(mine.delete(), "the deletion");
    assert.equal(await a.record.has(name), false);
  },

  "a long list": async (context) => {
    const { mine, theirs } = await shared(context);
    const entries = Array.from({ length: 5000 }, (_, n) => `entry/${n}`);
    await context.settled(mine.setEntriesWithAck(entries), "an acknowledgement");
    await context.until(() => theirs.getEntries().length === 5000, "all entries");
    assert.deepEqual(theirs.getEntries(), entries);
  },
};
