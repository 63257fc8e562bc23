"use strict";
// Times that the servers are configured with. Where a test is about one of them, its script wishes
// another: a short one, after which something has to come, or this one, within which it has to.

// Longer than any test. The most that the gateway takes for some of them.
const longMs = 1800000;

const unhurried = {
  rpc_ack_timeout_ms: longMs,
  rpc_response_timeout_ms: longMs,
  listen_response_timeout_ms: longMs,
  heartbeat_interval_ms: longMs,
  http_request_timeout_ms: longMs,
  unauthenticated_timeout_ms: longMs,
};

module.exports = { longMs, unhurried };
