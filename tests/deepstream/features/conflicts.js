"use strict";

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RECORD_ACTION } = deepstreamClient().C;
const remoteWins = (local, localVersion, remote, remoteVersion, done) => done(null, remote);
const localWins = (local, localVersion, remote, remoteVersion, done) => done(null, local);

// A record that two clients have open and write at the same version.
async function collision(context, strategy, options = {}) {
  const [a, b] = await context.clients(2, strategy ? { mergeStrategy: strategy, ...options } : options);
  const name = context.name("contested");
  const records = [await context.record(a, name), await context.record(b, name)];
  return { clients: [a, b], name, records };
}

const bothHave = (records, data) => () =>
  records.every((record) => JSON.stringify(record.get()) === JSON.stringify(data));

const agree = (records) => () => JSON.stringify(records[0].get()) === JSON.stringify(records[1].get())
  && records[0].version === records[1].version;

// Both agree, and no answer is under way that a client would treat as new.
async function settle(context, { clients, records }, version) {
  const isOver = () => agree(records)() && records[0].version === version;
  const state = () => records.map((record) => `${record.version} ${JSON.stringify(record.get())}`).join(", ");
  await context.until(async () => {
    if (!isOver()) return false;
    for (const client of clients) await context.reached(client);
    return isOver();
  }, () => `agreement on version ${version}: ${state()}`);
}

const write = (name, version, data, others = {}) => ({
  topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name, version, data: JSON.stringify(data), ...others,
});

module.exports.tests = {
  "two writes of one version: one of them is kept, and all agree": async (context) => {
    const both = await collision(context);
    const { records, name } = both;
    records[0].set({ by: "a" });
    records[1].set({ by: "b" });
    await settle(context, both, 1);
    const other = await context.login();
    assert.deepEqual(await other.record.snapshot(name), records[0].get());
    assert.equal(await other.record.head(name), 1);
  },

  "two patches of one version: one of them is kept, and all agree": async (context) => {
    const both = await collision(context);
    const { records } = both;
    records[0].set("a", 1);
    records[1].set("b", 1);
    await settle(context, both, 1);
    assert.equal(Object.keys(records[0].get()).length, 1);
  },

  "a record remains usable after a conflict": async (context) => {
    const both = await collision(context);
    const { records } = both;
    records[0].set({ by: "a" });
    records[1].set({ by: "b" });
    await settle(context, both, 1);
    await context.settled(records[0].setWithAck("next", 1), "an acknowledgement");
    await context.until(() => records[1].version === 2, "the next write");
    await context.settled(records[1].setWithAck("next", 2), "an acknowledgement");
    await context.until(agree(records), "both to agree");
    assert.equal(records[0].get("next"), 2);
    assert.equal(records[0].version, 3);
  },

  "with LOCAL_WINS the loser writes again": async (context) => {
    const { records, name } = await collision(context, localWins);
    records[0].set({ by: "a" });
    records[1].set({ by: "b" });
    const other = await context.login();
    await context.until(async () => (await other.record.head(name)) === 2, "the second write");
    const { by } = await other.record.snapshot(name);
    await context.until(bothHave(records, { by }), "both to agree");
  },

  "a strategy of one's own merges both": async (context) => {
    const merges = [];
    const merge = (local, localVersion, remote, remoteVersion, done) => {
      merges.push([localVersion, remoteVersion]);
      done(null, { ...remote, ...local });
    };
    const { records } = await collision(context, merge);
    records[0].set({ a: 1 });
    records[1].set({ b: 1 });
    await context.until(() => records.every((record) => record.get("a") === 1 && record.get("b") === 1),
                        "both to have both");
    assert.ok(merges.length > 0);
  },

  "a strategy of a record and of a pattern": async (context) => {
    const both = await collision(context, remoteWins);
    const { clients, records } = both;
    let merges = 0;
    const count = (local, localVersion, remote, remoteVersion, done) => {
      merges++;
      done(null, remote);
    };
    records[0].setMergeStrategy(count);
    clients[1].record.setMergeStrategyRegExp(/contested$/, count);
    records[0].set({ by: "a" });
    records[1].set({ by: "b" });
    await settle(context, both, 1);
    assert.ok(merges > 0);
  },

  "the loser of a conflict is notified": async (context) => {
    const both = await collision(context);
    const { records, name } = both;
    const outcomes = ["pending", "pending"];
    records.forEach((record, index) => record.setWithAck({ by: index }).then(
      () => { outcomes[index] = "resolved"; },
      (error) => { outcomes[index] = error; }));
    await settle(context, both, 1);
    await context.until(() => outcomes.includes("resolved"), "the winner's acknowledgement");
    const winner = records[0].get("by");
    assert.equal(outcomes[winner], "resolved");
    if (context.differs("conflict-settles-the-write")) {
      await context.until(() => outcomes[1 - winner] !== "pending", "the loser to hear of it");
      assert.equal(outcomes[1 - winner], "RECORD_UPDATE_ERROR");
    }
    await context.settled(records[1 - winner].setWithAck({ by: "the loser" }), "an acknowledgement");
    await context.until(() => records[winner].get("by") === "the loser", "the next write");
    if (!context.differs("conflict-settles-the-write")) assert.equal(outcomes[1 - winner], "pending");
    assert.equal(await (await context.login()).record.head(name), 2);
  },

  "VERSION_EXISTS contains the current version and data": async (context) => {
    const connection = await context.raw();
    const name = context.name("exists");
    const other = await context.login();
    await other.record.setDataWithAck(name, { a: 1 });
    connection.send(write(name, 1, { b: 2 }, { isWriteAck: true, correlationId: "7" }));
    const refusal = await connection.nextOf({ action: RECORD_ACTION.VERSION_EXISTS });
    assert.deepEqual(refusal, {
      topic: TOPIC.RECORD, action: RECORD_ACTION.VERSION_EXISTS, name, version: await other.record.head(name),
      data: '{"a":1}', originalAction: RECORD_ACTION.UPDATE, isWriteAck: true, correlationId: "7",
    });
    if (context.differs("conflict-settles-the-write")) {
      assert.deepEqual(await connection.next(), {
        topic: TOPIC.RECORD, action: RECORD_ACTION.RECORD_UPDATE_ERROR, name, correlationId: "7", isWriteAck: true,
        isError: true, originalAction: RECORD_ACTION.UPDATE,
      });
    } else {
      assert.deepEqual(await connection.untilAnswered(), []);
    }
    assert.deepEqual(await other.record.snapshot(name), { a: 1 });
  },

  "a version that is too high is refused": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("too-high");
    const record = await context.record(other, name);
    connection.send(write(name, 5, { b: 2 }, { isWriteAck: true, correlationId: "8" }));
    const answer = await connection.nextOf({ action: RECORD_ACTION.INVALID_VERSION });
    assert.equal(answer.version, 0);
    assert.equal(answer.correlationId, "8");
    assert.equal(answer.data, '{"b":2}');
    assert.equal(answer.isError, context.differs("refusals-are-errors") ? true : undefined);
    if (context.differs("conflict-settles-the-write")) {
      const error = await connection.next();
      assert.equal(error.action, RECORD_ACTION.RECORD_UPDATE_ERROR);
      assert.equal(error.correlationId, "8");
    }
    connection.send(write(name, 1, { b: 3 }, { isWriteAck: true, correlationId: "9" }));
    if (context.differs("no-wedged-record")) {
      await connection.nextOf({ action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, correlationId: "9" });
      await context.until(() => record.get("b") === 3, "the write");
    } else {
      await connection.nextOf({ action: RECORD_ACTION.VERSION_EXISTS, correlationId: "9" });
    }
  },

  "two writers of one version: the winner's data come before the refusal": async (context) => {
    const [first, second] = [await context.raw(), await context.raw()];
    const name = context.name("order");
    for (const connection of [first, second]) {
      connection.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: [name],
                        correlationId: "0" });
      await connection.nextOf({ action: RECORD_ACTION.READ_RESPONSE });
    }
    first.send(write(name, 1, { by: 1 }));
    second.send(write(name, 1, { by: 2 }));
    const actions = (connection) => connection.received().map((message) => message.action);
    const isRefused = (connection) => actions(connection).includes(RECORD_ACTION.VERSION_EXISTS);
    const loser = await context.until(() => [first, second].find(isRefused), "one to be refused");
    const told = actions(loser);
    assert.ok(told.includes(RECORD_ACTION.UPDATE));
    assert.ok(told.indexOf(RECORD_ACTION.UPDATE) < told.indexOf(RECORD_ACTION.VERSION_EXISTS));
  },

  "a write of a missing record is an error": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("absent");
    connection.send(write(name, 1, { a: 1 }));
    const error = await connection.nextOf({ action: RECORD_ACTION.RECORD_UPDATE_ERROR });
    assert.equal(error.name, name);
    assert.equal(error.isError, true);
    assert.equal(await other.record.has(name), false);
  },

  "the same with acknowledgement": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("absent");
    connection.send(write(name, 1, { a: 1 }, { isWriteAck: true, correlationId: "3" }));
    if (context.differs("write-of-a-missing-record")) {
      const error = await connection.nextOf({ action: RECORD_ACTION.RECORD_UPDATE_ERROR });
      assert.equal(error.correlationId, "3");
      assert.equal(error.isWriteAck, true);
      assert.equal(error.isError, true);
      assert.equal(await other.record.has(name), false);
    } else {
      await connection.nextOf({ action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, correlationId: "3" });
      assert.equal(await other.record.has(name), true);
    }
  },

  "a write whose data is not JSON affects no other client": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("malformed");
    const record = await context.record(other, name);
    connection.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name, version: 1, data: '{"a":' });
    await context.settled(connection.closed, "the end of the connection");
    if (context.differs("malformed-json-closes-the-connection")) {
      await context.settled(record.setWithAck({ a: 1 }), "an acknowledgement");
      assert.ok(context.target.isRunning);
    } else {
      await context.until(() => !context.target.isRunning, "the end of the server");
      await context.target.restart();
    }
  },

  "a scalar root is refused": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("scalar");
    const record = await context.record(other, name);
    connection.send(write(name, 1, 5));
    const answer = await connection.nextOf({ action: RECORD_ACTION.INVALID_MESSAGE_DATA });
    assert.equal(answer.name, name);
    assert.equal(record.version, 0);
    await context.settled(record.setWithAck({ a: 1 }), "an acknowledgement");
  },

  "paths to prototypes are refused": async (context) => {
    const connection = await context.raw();
    const other = await context.login();
    const name = context.name("prototype");
    await context.record(other, name);
    connection.send({
      topic: TOPIC.RECORD, action: RECORD_ACTION.PATCH, name, version: 1, path: "__proto__.x", data: "5",
      isWriteAck: true, correlationId: "4",
    });
    const action = context.differs("dangerous-paths-are-refused")
      ? RECORD_ACTION.INVALID_MESSAGE_DATA : RECORD_ACTION.WRITE_ACKNOWLEDGEMENT;
    await connection.nextOf({ action, correlationId: "4" });
  },

  "100 conflicts in a row leave all with one state": async (context) => {
    const both = await collision(context);
    const { records, name } = both;
    for (let round = 1; round <= 100; round++) {
      records[0].set("n", `a${round}`);
      records[1].set("n", `b${round}`);
      await settle(context, both, round);
    }
    assert.deepEqual(await (await context.login()).record.snapshot(name), records[0].get());
  },
};
