"use strict";
// Runs the deepstream server as a separate process until its standard input ends.
//
//   node upstream.js '{"port":0,"config":{…}}'
//
// Prints `ready PORT`. `config` overrides the server's defaults; see targets.js.

const { freePort } = require("./support/free_port");
const peers = require("./support/peers");

async function main() {
  const { port: wanted = 0, config = {} } = JSON.parse(process.argv[2] || "{}");
  const port = wanted || (await freePort());
  const endpoint = {
    outgoingBufferTimeout: 0, maxBufferByteSize: 100000, headers: [],
    maxMessageSize: 1048576, logInvalidAuthData: false, ...config.endpoint,
  };
  const Deepstream = peers.server();
  const server = new Deepstream({
    showLogo: false,
    logger: { type: "default", options: { logLevel: "WARN", colors: false } },
    httpServer: {
      type: "default",
      options: {
        host: "127.0.0.1", port, healthCheckPath: "/health-check", allowAllOrigins: true, origins: [],
        headers: [], maxMessageSize: 1048576,
      },
    },
    connectionEndpoints: [
      { type: "ws-binary", options: { urlPath: "/deepstream", ...endpoint } },
      {
        type: "http",
        options: {
          allowAuthData: true, enableAuthEndpoint: true, authPath: "/api/auth", postPath: "/api",
          getPath: "/api", logInvalidAuthData: false, requestTimeout: 1800000,
        },
      },
    ],
    ...config.server,
  });
  server.on("started", () => process.stdout.write(`ready ${port}\n`));
  server.start();
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

main();
