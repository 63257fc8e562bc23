"use strict";

const assert = require("node:assert/strict");

// Two records with content, and an anonymous record of another client.
async function prepared(context) {
  const [writer, reader] = await context.clients(2);
  const names = [context.name("one"), context.name("two")];
  const records = [];
  for (const [index, name] of names.entries()) {
    const record = await context.record(writer, name);
    await context.settled(record.setWithAck({ city: `city ${index}` }), "an acknowledgement");
    records.push(record);
  }
  return { writer, reader, names, records, anonymous: reader.record.getAnonymousRecord() };
}

const setName = (context, anonymous, name) => context.settled(anonymous.setName(name), `record ${name}`);

module.exports.tests = {
  "it shows the record that it is named after": async (context) => {
    const { anonymous, names } = await prepared(context);
    await setName(context, anonymous, names[0]);
    assert.equal(anonymous.get("city"), "city 0");
    assert.equal(anonymous.name, names[0]);
    assert.equal(anonymous.version, 1);
    await setName(context, anonymous, names[1]);
    assert.deepEqual(anonymous.get(), { city: "city 1" });
  },

  "its subscriptions go along": async (context) => {
    const { anonymous, names, records } = await prepared(context);
    const cities = [];
    anonymous.subscribe("city", (city) => cities.push(city));
    await setName(context, anonymous, names[0]);
    records[0].set("city", "first");
    await context.until(() => cities.includes("first"), "a change of the first record");
    await setName(context, anonymous, names[1]);
    records[0].set("city", "nobody is told");
    records[1].set("city", "second");
    await context.until(() => cities.includes("second"), "a change of the second record");
    assert.ok(!cities.includes("nobody is told"));
  },

  "it reports a change of its name": async (context) => {
    const { anonymous, names } = await prepared(context);
    const changes = [];
    anonymous.on("nameChanged", (name) => changes.push(name));
    await setName(context, anonymous, names[0]);
    await setName(context, anonymous, names[1]);
    assert.deepEqual(changes, names);
  },

  "it can be written": async (context) => {
    const { anonymous, names, records } = await prepared(context);
    await setName(context, anonymous, names[0]);
    await context.settled(anonymous.setWithAck({ city: "x", zip: 1 }), "an acknowledgement");
    await context.until(() => records[0].version === 2, "the change");
    assert.deepEqual(records[0].get(), { city: "x", zip: 1 });
  },

  "it can be deleted": async (context) => {
    const { writer, anonymous, names } = await prepared(context);
    await setName(context, anonymous, names[0]);
    await context.settled(anonymous.delete(), "the deletion");
    await context.until(() => !writer.record.names().includes(names[0]), "the others to hear of it");
    assert.equal(await writer.record.has(names[0]), false);
  },
};
