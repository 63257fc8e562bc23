"use strict";
// The deepstream server itself as the target of the tests.

const path = require("node:path");
const { serve } = require("./process");
const { longMs, unhurried } = require("./times");

// Converts the wishes of a script to the server's own options.
function configOf(given) {
  const wishes = { ...unhurried, ...given };
  const auth = (wishes.auth || [{ type: "open" }]).map((method) => {
    if (method.type === "open") return { type: "none", options: {} };
    if (method.type === "http") {
      return {
        type: "http",
        options: {
          endpointUrl: method.endpoint_url,
          permittedStatusCodes: method.permitted_status_codes,
          requestTimeout: method.request_timeout_ms,
          retryStatusCodes: method.retry_status_codes,
          retryAttempts: method.retry_attempts,
          retryInterval: method.retry_interval_ms,
          promoteToHeader: method.promote_to_header,
        },
      };
    }
    const { users, hash, iterations, key_length } = method;
    return { type: "file", options: { users, hash, iterations, keyLength: key_length } };
  });
  const permission = wishes.rules
    ? { type: "config", options: { permissions: wishes.rules, maxRuleIterations: 3, cacheEvacuationInterval: 60000 } }
    : { type: "none", options: {} };
  return {
    server: {
      auth,
      permission,
      rpc: {
        provideRequestorName: wishes.provide_requestor_name || false,
        provideRequestorData: wishes.provide_requestor_data || false,
        ackTimeout: wishes.rpc_ack_timeout_ms,
        responseTimeout: wishes.rpc_response_timeout_ms,
      },
      record: {
        storageHotPathPrefixes: wishes.hot_prefixes || [],
        storageExclusionPrefixes: [],
        cacheRetrievalTimeout: longMs,
        storageRetrievalTimeout: longMs,
      },
      listen: {
        shuffleProviders: false,
        responseTimeout: wishes.listen_response_timeout_ms,
        rematchInterval: longMs,
        matchCooldown: 10000,
      },
    },
    endpoint: {
      heartbeatInterval: wishes.heartbeat_interval_ms,
      unauthenticatedClientTimeout: wishes.unauthenticated_timeout_ms,
      maxAuthAttempts: wishes.max_auth_attempts || 3,
    },
  };
}

class UpstreamTarget {
  constructor(wishes) {
    this.isUpstream = true;
    this.config = configOf(wishes);
    this.port = 0;
  }

  static async start(wishes) {
    const target = new UpstreamTarget(wishes);
    await target.begin();
    return target;
  }

  async begin() {
    const options = JSON.stringify({ port: this.port, config: this.config });
    this.server = await serve(process.execPath, [path.join(__dirname, "../upstream.js"), options]);
    this.port = Number(this.server.words[0]);
    this.url = `ws://127.0.0.1:${this.port}/deepstream`;
    this.httpUrl = `http://127.0.0.1:${this.port}`;
  }

  get isRunning() { return this.server.isRunning; }
  get log() { return this.server.log; }

  // The same address again, with the data that the server has kept (upstream: none).
  async restart() {
    await this.server.stop("SIGKILL");
    await this.begin();
  }

  async stop() { await this.server.stop(); }
}

module.exports = { UpstreamTarget };
