"use strict";
// The time limits of the servers. If a test is about one of them, its script sets another one: a
// short one, after which something must happen, or this one, within which it must.

// Longer than any test. The maximum that the gateway accepts for some of them.
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
