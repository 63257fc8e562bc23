"use strict";
// Loads the packages that tools/peers has installed.

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const root = path.resolve(__dirname, "../../..");
const place = path.resolve(root, process.env.RINGSIDE_DEEPSTREAM_PEERS || "build/deepstream-peers");
const requireThere = createRequire(path.join(place, "package.json"));
const requireOfServer = createRequire(path.join(place, "node_modules/@deepstream/server/package.json"));

const isInstalled = () => fs.existsSync(path.join(place, "complete"));
const client = () => requireThere("@deepstream/client");
const protobuf = () => ({
  ...requireThere("@deepstream/protobuf/dist/src/message-builder"),
  ...requireThere("@deepstream/protobuf/dist/src/message-parser"),
});
const WebSocket = () => requireOfServer("ws");

const server = () => requireThere("@deepstream/server").Deepstream;

module.exports = { root, place, isInstalled, client, protobuf, WebSocket, server };
