"use strict";
// The protocol, byte for byte. frames.json has scenarios of steps: a connection (`on`) sends a
// frame, receives one, connects, or closes. If a step has a `difference`, Ringside sends `ringside`
// instead of `receives`; either may be missing; and a frame that the connection sends is sent to
// Ringside only. The scenarios of a group build on each other, so each group is one test; `wishes`
// are those of its server.

const assert = require("node:assert/strict");
const { encode, decode } = require("../support/raw_connection");
const { client: deepstreamClient } = require("../support/peers");
const groups = require("../frames.json");

const { TOPIC, PRESENCE_ACTION } = deepstreamClient().C;

const ping = "0610021a020802";
const pong = "0610021a020803";

function expected(context, step) {
  return step.difference && context.differs(step.difference) ? step.ringside : step.receives;
}

// Describes bytes in the message of a failure.
const words = (hex) => `${hex} ${JSON.stringify(decode(Buffer.from(hex, "hex")))}`;

class Players {
  constructor(context) {
    this.context = context;
    this.connections = new Map();
  }

  async connect(name) {
    this.connections.set(name, await this.context.raw({ username: name }));
  }

  // All clients are visible to each other, so that no scenario receives news of earlier ones.
  async areThere() {
    const [asker] = this.connections.values();
    const query = { topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.QUERY, names: [...this.connections.keys()] };
    await this.context.until(async () => {
      asker.send({ ...query, correlationId: "there" });
      return Object.values(JSON.parse((await asker.next()).data)).every(Boolean);
    }, "all to be there");
  }

  send(step) {
    if (step.difference && !this.context.differs(step.difference)) return;
    this.connections.get(step.on).sendBytes(Buffer.from(step.sends, "hex"));
  }

  async receive(name, hex) {
    const frame = (await this.connections.get(name).nextBytes()).toString("hex");
    if (frame !== hex) assert.equal(words(frame), words(hex), `${name} received another frame`);
  }

  async play(step) {
    if (step.connects) return this.connect(step.on);
    if (step.closes) return this.connections.get(step.on).close();
    if (step.sends) return this.send(step);
    const hex = expected(this.context, step);
    return hex === undefined ? undefined : this.receive(step.on, hex);
  }

  // No unexpected message has arrived.
  async pause() {
    for (const [name, connection] of this.connections) {
      if (connection.isClosed) continue;
      connection.sendBytes(Buffer.from(ping, "hex"));
      await this.receive(name, pong);
    }
  }
}

const testOf = (group) => async (context) => {
  const players = new Players(context);
  for (const name of ["A", "B"]) await players.connect(name);
  await players.areThere();
  for (const scenario of group.scenarios) {
    try {
      for (const step of scenario.steps) await players.play(step);
      await players.pause();
    } catch (error) {
      error.message = `${scenario.name}: ${error.message}`;
      throw error;
    }
  }
};

const others = {
  "a frame of text ends the connection": async (context) => {
    const connection = await context.raw();
    connection.sendText("C|CH+");
    await context.settled(connection.closed, "the end of the connection");
  },

  "a frame that is too large ends the connection": async (context) => {
    const [connection, other] = [await context.raw(), await context.login()];
    connection.sendBytes(Buffer.alloc(2 * 1024 * 1024, 1));
    await context.settled(connection.closed, "the end of the connection");
    await context.reached(other);
  },

  "a large frame that is allowed is carried out": async (context) => {
    const connection = await context.raw();
    const { RECORD_ACTION } = deepstreamClient().C;
    const data = JSON.stringify({ text: "x".repeat(1024 * 1024 - 1000) });
    connection.sendBytes(encode({ topic: TOPIC.RECORD, action: RECORD_ACTION.CREATEANDUPDATE, name: context.name("l"),
                                  version: -1, data, isWriteAck: true, correlationId: "1" }));
    await connection.nextOf({ action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT });
  },

  "bytes that mean nothing end nothing but their connection": async (context) => {
    const other = await context.login();
    // A generator with a fixed seed: the same bytes in every run.
    let state = 12345;
    const random = () => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return state;
    };
    for (let round = 0; round < 50; round++) {
      const connection = await context.raw();
      for (let n = 0; n < 20; n++) {
        const bytes = Buffer.from(Array.from({ length: random() % 40 }, () => random() & 0xff));
        if (connection.isClosed) break;
        connection.sendBytes(bytes);
      }
      await connection.close();
    }
    await context.reached(other);
  },
};

module.exports.groups = [
  ...groups.map((group) => ({
    wishes: { hot_prefixes: ["hot/"], ...group.wishes },
    tests: { [group.name]: testOf(group) },
  })),
  { tests: others },
];
