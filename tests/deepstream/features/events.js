"use strict";

const assert = require("node:assert/strict");

// What a client hears of an event, in its order.
function heard(client, name) {
  const values = [];
  client.event.subscribe(name, (data) => values.push(data));
  return values;
}

module.exports.tests = {
  "every JSON value arrives as it was emitted": async (context) => {
    const [emitter, subscriber] = await context.clients(2);
    const name = context.name("values");
    const values = heard(subscriber, name);
    await context.reached(subscriber);
    const sent = ["text", "", 0, -1.5, 1e21, true, false, [], [1, [2]], {}, { a: { b: [null] } }, "ünï\u0000code"];
    sent.forEach((value) => emitter.event.emit(name, value));
    await context.until(() => values.length === sent.length, () => `all events; came ${JSON.stringify(values)} ${JSON.stringify(subscriber.errors)}`);
    assert.deepEqual(values, sent);
  },
};
