"use strict";
// Two gateways on one grid are one server.

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION } = deepstreamClient().C;

// A client of each gateway.
async function both(context, authData = [{}, {}]) {
  const urls = context.target.gateways.map((gateway) => gateway.url);
  return Promise.all(urls.map((url, n) => context.login(authData[n], { url })));
}

const isAnswer = (correlationId) => (message) => message.correlationId === correlationId && message.isWriteAck
  && [RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, RECORD_ACTION.RECORD_UPDATE_ERROR].includes(message.action);

const tests = {
  "of two writes of one version exactly one is acknowledged": async (context) => {
    const connections = await Promise.all(context.target.gateways.map((gateway) => context.raw({}, gateway.url)));
    const name = context.name("contested");
    const reader = await context.login();
    await context.settled(reader.record.setDataWithAck(name, { by: "nobody" }), "an acknowledgement");
    for (let round = 1; round <= 100; round++) {
      const version = (await context.settled(reader.record.head(name), "a version")) + 1;
      const correlationId = `${round}`;
      connections.forEach((connection, by) => connection.send({
        topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name, version, data: JSON.stringify({ by, round }),
        isWriteAck: true, correlationId,
      }));
      const answers = await Promise.all(connections.map((connection) => context.until(
        () => connection.received().find(isAnswer(correlationId)), `an answer in round ${round}`)));
      const winners = [0, 1].filter((n) => answers[n].action === RECORD_ACTION.WRITE_ACKNOWLEDGEMENT);
      assert.equal(winners.length, 1, `round ${round}: ${JSON.stringify(answers)}`);
      assert.deepEqual(await reader.record.snapshot(name), { by: winners[0], round });
      connections.forEach((connection) => connection.forget());
    }
  },

  "records of both are the same": async (context) => {
    const [a, b] = await both(context);
    const name = context.name("record");
    const [mine, theirs] = [await context.record(a, name), await context.record(b, name)];
    await context.settled(mine.setWithAck({ a: 1 }), "an acknowledgement");
    await context.until(() => theirs.version === 1, "the write");
    await context.settled(theirs.setWithAck("b", 2), "an acknowledgement");
    await context.until(() => mine.version === 2, "the write");
    assert.deepEqual(mine.get(), { a: 1, b: 2 });
    await context.settled(mine.delete(), "the deletion");
    await context.until(() => b.record.names().length === 0, "the deletion to be heard of");
  },

  "conflicts over both leave one state": async (context) => {
    const [a, b] = await both(context);
    const name = context.name("conflict");
    const records = [await context.record(a, name), await context.record(b, name)];
    records[0].set({ by: "a" });
    records[1].set({ by: "b" });
    const isSame = (record) => record.version === 1 && record.get("by") === records[0].get("by");
    await context.until(() => records.every(isSame), "both to agree");
  },

  "events of one are heard at the other": async (context) => {
    const [a, b] = await both(context);
    const name = context.name("event");
    const heard = [];
    b.event.subscribe(name, (data) => heard.push(data));
    await context.reached(b);
    a.event.emit(name, { n: 1 });
    await context.until(() => heard.length === 1, "the event");
    assert.deepEqual(heard, [{ n: 1 }]);
  },

  "calls of one are answered at the other": async (context) => {
    const [a, b] = await both(context);
    const name = context.name("rpc");
    b.rpc.provide(name, (data, response) => (data === 0 ? response.reject() : response.send(data + 1)));
    await context.reached(b);
    // The other gateway acknowledges before the grid has registered the provider.
    const isAnswered = () => a.rpc.make(name, 1).then((answer) => answer === 2, () => false);
    await context.until(isAnswered, "an answer");
    await assert.rejects(context.settled(a.rpc.make(name, 0), "an answer"), (error) => error === "NO_RPC_PROVIDER");
  },

  "listeners of one provide for subscribers of the other": async (context) => {
    const [a, b] = await both(context);
    const stopped = [];
    b.record.listen(context.name("live/") + ".*", (name, response) => {
      response.onStop((subject) => stopped.push(subject));
      response.accept();
      b.record.setData(name, { live: true });
    });
    await context.reached(b);
    const name = context.name("live/1");
    const record = await context.record(a, name);
    await context.until(() => record.hasProvider && record.get("live"), "the provider");
    record.discard();
    await context.until(() => stopped.length === 1, "the stop");
    assert.deepEqual(stopped, [name]);
  },

  "users of both are present": async (context) => {
    const users = [`ann-${context.prefix}`, `bob-${context.prefix}`];
    const [a, b] = await both(context, users.map((username) => ({ username })));
    const changes = [];
    a.presence.subscribe(users[1], (name, isThere) => changes.push(isThere));
    await context.reached(a);
    await context.until(async () => (await a.presence.getAll([users[1]]))[users[1]], "the other user");
    await context.close(b);
    await context.until(() => changes.at(-1) === false, "the other user to go");
  },

  "a gateway that dies takes its clients' subscriptions along": async (context) => {
    const [a, b] = await both(context);
    const found = [];
    const stopped = [];
    a.record.listen(context.name("dies/") + ".*", (name, response) => {
      found.push(name);
      response.onStop((subject) => stopped.push(subject));
      response.accept();
    });
    await context.reached(a);
    await context.record(b, context.name("dies/1"));
    await context.until(() => found.length === 1, "the match");
    b.close();
    await context.target.gateways[1].restart();
    await context.until(() => stopped.length === 1, "the stop");
  },
};

module.exports = { only: "ringside", wishes: { gateways: 2 }, tests };
