"use strict";
// A server that does the minimum that deepstream's client requires: it answers every request
// immediately and keeps no state. With this server, client.js measures only the cost of the client,
// of Node and of the network.
//
//   node echo.js [PORT]      prints `ready PORT`; exits when its standard input closes

const peers = require("../../tests/deepstream/support/peers");
const { encode, decode } = require("../../tests/deepstream/support/raw_connection");

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION, RECORD_ACTION, RPC_ACTION } = peers.client().C;

const answers = {
  [TOPIC.CONNECTION]: {
    [CONNECTION_ACTION.CHALLENGE]: () => ({ action: CONNECTION_ACTION.ACCEPT }),
    [CONNECTION_ACTION.PING]: () => ({ action: CONNECTION_ACTION.PONG }),
  },
  [TOPIC.AUTH]: { [AUTH_ACTION.REQUEST]: () => ({ action: AUTH_ACTION.AUTH_SUCCESSFUL }) },
  [TOPIC.RECORD]: {
    [RECORD_ACTION.SUBSCRIBECREATEANDREAD]: ({ names }) => (
      { action: RECORD_ACTION.READ_RESPONSE, name: names[0], version: 0, data: "{}" }),
    [RECORD_ACTION.HEAD]: ({ name }) => ({ action: RECORD_ACTION.HEAD_RESPONSE, name, version: -1 }),
    [RECORD_ACTION.UPDATE]: ({ name, correlationId }) => (
      { action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, name, correlationId, isWriteAck: true }),
  },
  [TOPIC.RPC]: {
    [RPC_ACTION.PROVIDE]: ({ correlationId }) => ({ action: RPC_ACTION.PROVIDE, correlationId, isAck: true }),
  },
};

let provider;

function answer(socket, bytes) {
  const message = decode(bytes);
  if (message.topic === TOPIC.RPC && message.action === RPC_ACTION.PROVIDE) provider = { socket };
  if (message.topic === TOPIC.RPC && provider) {
    // A call takes two hops, like through any server.
    if (message.action === RPC_ACTION.REQUEST) provider.caller = socket;
    const to = { [RPC_ACTION.REQUEST]: provider.socket, [RPC_ACTION.RESPONSE]: provider.caller }[message.action];
    if (to) return to.send(bytes);
  }
  const body = answers[message.topic]?.[message.action]?.(message);
  return body && socket.send(encode({ topic: message.topic, ...body }));
}

const { Server } = peers.WebSocket();
const server = new Server({ host: "127.0.0.1", port: Number(process.argv[2] || 0) });
server.on("connection", (socket) => socket.on("message", (bytes) => answer(socket, Buffer.from(bytes))));
server.on("listening", () => process.stdout.write(`ready ${server.address().port}\n`));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
