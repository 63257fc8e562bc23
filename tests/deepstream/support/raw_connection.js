"use strict";
// A WebSocket that speaks the protocol without the client library: sends any bytes, keeps every
// frame.

const assert = require("node:assert/strict");
const peers = require("./peers");
const { until, settled } = require("./until");

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION } = peers.client().C;
const protobuf = peers.protobuf();

// One message as the bytes of a frame; `data` is JSON text, or `parsedData` a value.
const encode = (message) => Buffer.from(protobuf.getMessage({ ...message }, false));

// Decodes a frame, without absent members.
function decode(bytes) {
  const [message] = protobuf.parse(bytes);
  const present = {};
  for (const [key, value] of Object.entries(message)) {
    const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(Object(value)).length === 0;
    if (typeof value === "object" && isEmpty) continue;
    present[key] = value;
  }
  return present;
}

class RawConnection {
  constructor(socket) {
    this.socket = socket;
    this.frames = [];
    this.taken = 0;
    this.isClosed = false;
    this.closed = new Promise((resolve) => socket.once("close", (code) => {
      this.isClosed = true;
      resolve(code);
    }));
    socket.on("message", (data) => this.frames.push(Buffer.from(data)));
    socket.on("error", () => socket.terminate());
  }

  static async open(url) {
    const WebSocket = peers.WebSocket();
    const connection = new RawConnection(new WebSocket(url));
    await settled(new Promise((resolve, reject) => {
      connection.socket.once("open", resolve);
      connection.socket.once("close", () => reject(new Error(`${url} was closed before it was open`)));
    }), `a connection to ${url}`);
    return connection;
  }

  static async loggedIn(url, authData = {}) {
    const connection = await RawConnection.open(url);
    connection.send({
      topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CHALLENGE, url, protocolVersion: "0.1a",
      sdkVersion: "7.0.5", sdkType: "javascript",
    });
    assert.equal((await connection.next()).action, CONNECTION_ACTION.ACCEPT);
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, parsedData: authData });
    assert.equal((await connection.next()).action, AUTH_ACTION.AUTH_SUCCESSFUL);
    return connection;
  }

  send(message) { this.sendBytes(encode(message)); }
  sendBytes(bytes) { this.socket.send(bytes); }
  sendText(text) { this.socket.send(text); }

  async nextBytes() {
    await until(() => this.frames.length > this.taken || this.isClosed, "a frame");
    assert.ok(this.frames.length > this.taken, "the connection was closed, and no frame came before that");
    return this.frames[this.taken++];
  }

  async next() { return decode(await this.nextBytes()); }

  // Waits for a message with `properties` at any place; takes nothing.
  async has(properties) {
    const fits = (message) => Object.entries(properties).every(([key, value]) => message[key] === value);
    return until(() => this.received().find(fits), () => `a message with ${JSON.stringify(properties)}`);
  }

  // All frames that have arrived, taken or not.
  received() { return this.frames.map(decode); }

  // The first frame not taken yet that has all of `properties`; earlier ones are skipped.
  async nextOf(properties) {
    for (;;) {
      const message = await this.next();
      if (Object.entries(properties).every(([key, value]) => message[key] === value)) return message;
    }
  }

  // Forgets all frames so far.
  forget() {
    this.frames = [];
    this.taken = 0;
  }

  // Stops reading from the network.
  stopReading() { this.socket._socket.pause(); }

  // When the answer to a PING is here, so are the answers to everything sent before.
  async untilAnswered() {
    this.send({ topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING });
    const before = [];
    for (;;) {
      const message = await this.next();
      if (message.topic === TOPIC.CONNECTION && message.action === CONNECTION_ACTION.PONG) return before;
      before.push(message);
    }
  }

  // The server knows that the client has received everything: it sends a WebSocket ping after the
  // last message, and the answer to that precedes this answer to a PING.
  async confirmed() {
    await this.untilAnswered();
    await this.untilAnswered();
  }

  async close() {
    this.socket.terminate();
    await this.closed;
  }
}

module.exports = { RawConnection, encode, decode };
