"use strict";

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION, EVENT_ACTION } = deepstreamClient().C;

// The differences between listening for records and for events.
const kinds = {
  records: {
    handler: (client) => client.record,
    topic: TOPIC.RECORD,
    actions: RECORD_ACTION,
    // Resolves to a function that ends the subscription.
    subscribe: async (context, client, name) => {
      const record = await context.record(client, name);
      return async () => {
        record.discard();
        await context.until(() => !client.record.names().includes(name), "the end of a subscription");
      };
    },
  },
  events: {
    handler: (client) => client.event,
    topic: TOPIC.EVENT,
    actions: EVENT_ACTION,
    subscribe: async (context, client, name) => {
      const subscriber = () => {};
      client.event.subscribe(name, subscriber);
      await context.reached(client);
      return async () => client.event.unsubscribe(name, subscriber);
    },
  },
};

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// A listener that handles each name with `answer`, and records what happens.
async function listener(context, kind, pattern, answer, client) {
  const listening = client || (await context.login());
  const log = { found: [], stopped: [], client: listening, pattern };
  kind.handler(listening).listen(pattern, (name, response) => {
    log.found.push(name);
    response.onStop((stopped) => log.stopped.push(stopped));
    answer(response, name);
  });
  await context.reached(listening);
  return log;
}

const accept = (response) => response.accept();
const reject = (response) => response.reject();
const silence = () => {};

// A listener without the client library; the pattern is acknowledged when it resolves.
async function rawListener(context, kind, pattern) {
  const connection = await context.raw();
  connection.send({ topic: kind.topic, action: kind.actions.LISTEN, name: pattern });
  await connection.nextOf({ action: kind.actions.LISTEN, isAck: true });
  return connection;
}

const found = (kind, connection) =>
  connection.nextOf({ topic: kind.topic, action: kind.actions.SUBSCRIPTION_FOR_PATTERN_FOUND });

const testsOf = (kind) => ({
  "a listener is notified of a subscription": async (context) => {
    const pattern = escaped(context.name("live/")) + ".*";
    const log = await listener(context, kind, pattern, accept);
    const name = context.name("live/1");
    await kind.subscribe(context, await context.login(), name);
    await context.until(() => log.found.length === 1, "the match");
    assert.deepEqual(log.found, [name]);
  },

  "a listener is notified of earlier subscriptions": async (context) => {
    const names = [context.name("before/1"), context.name("before/2")];
    const client = await context.login();
    for (const name of names) await kind.subscribe(context, client, name);
    await context.reached(client);
    const log = await listener(context, kind, escaped(context.name("before/")) + "[0-9]+", accept);
    await context.until(() => log.found.length === 2, "both matches");
    assert.deepEqual(log.found.sort(), names);
  },

  "a listener is notified once for any number of subscribers": async (context) => {
    const log = await listener(context, kind, escaped(context.name("once/")) + ".*", accept);
    const [first, second] = [context.name("once/1"), context.name("once/2")];
    const clients = await context.clients(3);
    for (const client of clients) await kind.subscribe(context, client, first);
    await kind.subscribe(context, clients[0], second);
    await context.until(() => log.found.includes(second), "the second match");
    assert.deepEqual(log.found, [first, second]);
  },

  "patterns are regular expressions that may match anywhere": async (context) => {
    const log = await listener(context, kind, escaped(context.prefix) + "/(a|b)[0-9]{2}x?", accept);
    const client = await context.login();
    for (const base of ["c10", "a1", "a10", "zz/b99", "b42xyz"]) {
      await kind.subscribe(context, client, context.name(base));
    }
    await context.until(() => log.found.length === 2, "the matches");
    await context.reached(log.client);
    assert.deepEqual(log.found.sort(), [context.name("a10"), context.name("b42xyz")]);
  },

  "an invalid regular expression is refused": async (context) => {
    const connection = await context.raw();
    connection.send({ topic: kind.topic, action: kind.actions.LISTEN, name: "live/(" });
    const refusal = await connection.next();
    assert.deepEqual(refusal, { topic: kind.topic, action: kind.actions.INVALID_LISTEN_REGEX, name: "live/(" });
  },

  "the last subscriber that leaves stops the provider": async (context) => {
    const log = await listener(context, kind, escaped(context.name("stop/")) + ".*", accept);
    const name = context.name("stop/1");
    const clients = await context.clients(2);
    const leave = [];
    for (const client of clients) leave.push(await kind.subscribe(context, client, name));
    await context.until(() => log.found.length === 1, "the match");
    await leave[0]();
    await context.reached(clients[0]);
    await context.reached(log.client);
    assert.deepEqual(log.stopped, []);
    await leave[1]();
    await context.until(() => log.stopped.length === 1, "the stop");
    assert.deepEqual(log.stopped, [name]);
  },

  "a subscriber whose connection ends counts no more": async (context) => {
    const log = await listener(context, kind, escaped(context.name("gone/")) + ".*", accept);
    const client = await context.login();
    await kind.subscribe(context, client, context.name("gone/1"));
    await context.until(() => log.found.length === 1, "the match");
    await context.close(client);
    await context.until(() => log.stopped.length === 1, "the stop");
  },

  "the next first subscriber is a new match": async (context) => {
    const log = await listener(context, kind, escaped(context.name("again/")) + ".*", accept);
    const client = await context.login();
    for (let round = 1; round <= 3; round++) {
      const leave = await kind.subscribe(context, client, context.name("again/1"));
      await context.until(() => log.found.length === round, `match ${round}`);
      await leave();
      await context.until(() => log.stopped.length === round, `stop ${round}`);
    }
  },

  "after a rejection the next listener is asked": async (context) => {
    const pattern = escaped(context.name("next/")) + ".*";
    const first = await listener(context, kind, pattern, reject);
    const second = await listener(context, kind, pattern, accept);
    await kind.subscribe(context, await context.login(), context.name("next/1"));
    await context.until(() => second.found.length === 1, "the second listener");
    await context.reached(first.client);
    assert.ok(first.found.length <= 1);
    assert.deepEqual(first.stopped, []);
  },

  "only one listener provides a name": async (context) => {
    const pattern = escaped(context.name("one/")) + ".*";
    const logs = [];
    for (let n = 0; n < 3; n++) logs.push(await listener(context, kind, pattern, accept));
    const client = await context.login();
    for (let n = 0; n < 10; n++) await kind.subscribe(context, client, context.name(`one/${n}`));
    const all = () => logs.flatMap((log) => log.found);
    await context.until(() => all().length === 10, "all matches");
    for (const log of logs) await context.reached(log.client);
    assert.equal(new Set(all()).size, 10);
    assert.equal(all().length, 10);
  },

  "two patterns of one listener": async (context) => {
    const log = await listener(context, kind, escaped(context.name("x/")) + ".*", accept);
    const other = await listener(context, kind, escaped(context.name("y/")) + ".*", accept, log.client);
    const client = await context.login();
    await kind.subscribe(context, client, context.name("x/1"));
    await kind.subscribe(context, client, context.name("y/1"));
    await context.until(() => log.found.length === 1 && other.found.length === 1, "both matches");
    assert.deepEqual([log.found, other.found], [[context.name("x/1")], [context.name("y/1")]]);
  },

  "unlisten hands the name on to the next listener": async (context) => {
    const pattern = escaped(context.name("hand/")) + ".*";
    const first = await listener(context, kind, pattern, accept);
    await kind.subscribe(context, await context.login(), context.name("hand/1"));
    await context.until(() => first.found.length === 1, "the first listener");
    const second = await listener(context, kind, pattern, accept);
    kind.handler(first.client).unlisten(pattern);
    await context.until(() => second.found.length === 1, "the second listener");
  },

  "a provider whose connection ends is followed by the next": async (context) => {
    const pattern = escaped(context.name("dies/")) + ".*";
    const first = await listener(context, kind, pattern, accept);
    await kind.subscribe(context, await context.login(), context.name("dies/1"));
    await context.until(() => first.found.length === 1, "the first listener");
    const second = await listener(context, kind, pattern, accept);
    await context.close(first.client);
    await context.until(() => second.found.length === 1, "the second listener");
  },

  "a listener that was not asked cannot accept": async (context) => {
    const pattern = escaped(context.name("forged/")) + ".*";
    const raw = await rawListener(context, kind, pattern);
    const forger = await context.raw();
    const name = context.name("forged/1");
    const leave = await kind.subscribe(context, await context.login(), name);
    await found(kind, raw);
    forger.send({ topic: kind.topic, action: kind.actions.LISTEN_ACCEPT, name: pattern, subscription: name });
    await forger.untilAnswered();
    if (context.differs("accept-only-from-who-was-asked")) {
      raw.send({ topic: kind.topic, action: kind.actions.LISTEN_ACCEPT, name: pattern, subscription: name });
      await raw.untilAnswered();
    }
    await leave();
    const removed = { action: kind.actions.SUBSCRIPTION_FOR_PATTERN_REMOVED };
    const provider = context.differs("accept-only-from-who-was-asked") ? raw : forger;
    assert.equal((await provider.nextOf(removed)).subscription, name);
  },

  "a listener that dies while it is asked costs the others nothing": async (context) => {
    const pattern = escaped(context.name("asked/")) + ".*";
    const first = await rawListener(context, kind, pattern);
    const others = [await rawListener(context, kind, pattern), await rawListener(context, kind, pattern)];
    const all = [first, ...others];
    await kind.subscribe(context, await context.login(), context.name("asked/1"));
    const isAsked = (connection) => connection.received().some(
      (message) => message.action === kind.actions.SUBSCRIPTION_FOR_PATTERN_FOUND);
    const asked = await context.until(() => all.find(isAsked), "one to be asked");
    await asked.close();
    const rest = all.filter((connection) => connection !== asked);
    if (context.differs("dead-listener-costs-nobody-their-turn")) {
      const next = await context.until(() => rest.find(isAsked), "the next to be asked");
      await next.close();
      await context.until(() => isAsked(rest.find((connection) => connection !== next)), "the last to be asked");
    } else {
      for (const connection of rest) await connection.untilAnswered();
      assert.ok(!rest.some(isAsked));
    }
  },
});

// For listeners that have little time to answer.
const hastyTestsOf = (kind) => ({
  "a listener that says nothing is followed by the next": async (context) => {
    const pattern = escaped(context.name("silent/")) + ".*";
    const raw = await rawListener(context, kind, pattern);
    const second = await listener(context, kind, pattern, accept);
    const name = context.name("silent/1");
    await kind.subscribe(context, await context.login(), name);
    await context.until(() => second.found.length === 1, "the second listener");
    const asked = raw.received().some((message) => message.action === kind.actions.SUBSCRIPTION_FOR_PATTERN_FOUND);
    if (asked) {
      const timeout = await raw.nextOf({ action: kind.actions.LISTEN_RESPONSE_TIMEOUT });
      assert.equal(timeout.subscription, name);
    }
  },

  "a listener that does not answer is notified of its lateness": async (context) => {
    const pattern = escaped(context.name("late/")) + ".*";
    const raw = await rawListener(context, kind, pattern);
    const name = context.name("late/1");
    await kind.subscribe(context, await context.login(), name);
    assert.equal((await found(kind, raw)).subscription, name);
    const timeout = await raw.nextOf({ action: kind.actions.LISTEN_RESPONSE_TIMEOUT });
    assert.equal(timeout.subscription, name);
    // A late acceptance is ignored.
    raw.send({ topic: kind.topic, action: kind.actions.LISTEN_ACCEPT, name: pattern, subscription: name });
    assert.deepEqual(await raw.untilAnswered(), []);
  },
});

const recordsOnly = {
  "subscribers see whether there is a provider": async (context) => {
    const kind = kinds.records;
    const client = await context.login();
    const name = context.name("provided/1");
    const record = await context.record(client, name);
    const changes = [];
    record.on("hasProviderChanged", (has) => changes.push(has));
    assert.equal(record.hasProvider, false);
    const log = await listener(context, kind, escaped(context.name("provided/")) + ".*", accept);
    await context.until(() => record.hasProvider, "a provider");
    // A later client is notified as well.
    const later = await context.record(await context.login(), name);
    await context.until(() => later.hasProvider, "a provider");
    kind.handler(log.client).unlisten(log.pattern);
    await context.until(() => !record.hasProvider && !later.hasProvider, "no provider");
  },

  "subscribers see that the provider has died": async (context) => {
    const log = await listener(context, kinds.records, escaped(context.name("dying/")) + ".*", accept);
    const record = await context.record(await context.login(), context.name("dying/1"));
    await context.until(() => record.hasProvider, "a provider");
    await context.close(log.client);
    await context.until(() => !record.hasProvider, "no provider");
  },

  "a name that all listeners reject has no provider": async (context) => {
    const log = await listener(context, kinds.records, escaped(context.name("rejected/")) + ".*", reject);
    const client = await context.login();
    const record = await context.record(client, context.name("rejected/1"));
    await context.until(() => log.found.length === 1, "the match");
    await context.reached(log.client);
    await context.reached(client);
    assert.equal(record.hasProvider, false);
    // A further listener is asked about existing names without a provider.
    await listener(context, kinds.records, escaped(context.name("rejected/")) + ".+", accept);
    await context.until(() => record.hasProvider, "a provider");
  },

  "a provider writes the record that it provides": async (context) => {
    const provider = await context.login();
    await listener(context, kinds.records, escaped(context.name("clock/")) + ".*", (response, name) => {
      response.accept();
      provider.record.setData(name, { now: 1 });
    }, provider);
    const record = await context.record(await context.login(), context.name("clock/1"));
    await context.until(() => record.get("now") === 1, "the provider's data");
    assert.equal(record.hasProvider, true);
  },

  "a subscriber has the record before anybody provides it": async (context) => {
    const raw = await rawListener(context, kinds.records, escaped(context.name("early/")) + ".*");
    const record = await context.record(await context.login(), context.name("early/1"));
    assert.deepEqual(record.get(), {});
    assert.equal(record.hasProvider, false);
    await found(kinds.records, raw);
  },
};

const named = (kind, tests) => Object.fromEntries(Object.entries(tests).map(
  ([name, test]) => [`${kind}: ${name}`, test]));

module.exports.groups = [
  {
    tests: {
      ...named("records", testsOf(kinds.records)),
      ...named("events", testsOf(kinds.events)),
      ...named("records", recordsOnly),
    },
  },
  {
    wishes: { listen_response_timeout_ms: 200 },
    tests: {
      ...named("records", hastyTestsOf(kinds.records)),
      ...named("events", hastyTestsOf(kinds.events)),
    },
  },
];
