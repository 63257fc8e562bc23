"use strict";
// The environment of one test: the target, unique names, and clients that are closed afterwards.

const peers = require("./peers");
const { Proxy } = require("./proxy");
const { RawConnection } = require("./raw_connection");
const { longMs } = require("./times");
const { until, settled, pause } = require("./until");
const differences = require("../differences");

const { DeepstreamClient } = peers.client();

const clientOptions = {
  nativeTimerRegistry: true,
  // Shorter than the client's default, so that tests are fast.
  subscriptionInterval: 5,
  reconnectIntervalIncrement: 20,
  maxReconnectInterval: 100,
  maxReconnectAttempts: 10000,
  recordDiscardTimeout: 20,
  // Never reached, however slow the machine is.
  heartbeatInterval: longMs,
  subscriptionTimeout: longMs,
  offlineBufferTimeout: longMs,
  recordReadAckTimeout: longMs,
  recordReadTimeout: longMs,
  recordDeleteTimeout: longMs,
};

let names = 0;

class Context {
  constructor(target) {
    this.target = target;
    this.prefix = `t${names++}-${process.pid}`;
    this.endings = [];
  }

  // A name that no other test uses.
  name(base) { return `${this.prefix}/${base}`; }

  // Whether the target must behave as differences.js describes Ringside, and not as upstream.
  differs(id) {
    differences.use(id);
    return !this.target.isUpstream;
  }

  // Runs `action` at the end of the test, whatever its result.
  atEnd(action) { this.endings.push(action); }

  // A client that has not logged in. Its errors are collected in `errors`.
  connect(options = {}) {
    const { url = this.target.url, ...others } = options;
    const client = new DeepstreamClient(url, { ...clientOptions, ...others });
    client.subscriptionInterval = others.subscriptionInterval ?? clientOptions.subscriptionInterval;
    client.errors = [];
    client.on("error", (detail, event, topic) => client.errors.push({ detail, event, topic }));
    this.atEnd(() => this.close(client));
    return client;
  }

  async close(client) {
    const wasOpen = client.getConnectionState() === "OPEN";
    client.close();
    if (wasOpen) await until(() => client.getConnectionState() === "CLOSED", "the end of a connection");
  }

  async login(authData = {}, options = {}) {
    const client = this.connect(options);
    await settled(client.login(authData), "a login");
    return client;
  }

  // `count` clients of anonymous users.
  clients(count, options = {}) {
    return Promise.all(Array.from({ length: count }, () => this.login({}, options)));
  }

  async raw(authData = {}, url = this.target.url) {
    const connection = await RawConnection.loggedIn(url, authData);
    this.atEnd(() => connection.close());
    return connection;
  }

  async rawUnknown(url = this.target.url) {
    const connection = await RawConnection.open(url);
    this.atEnd(() => connection.close());
    return connection;
  }

  async proxy() {
    const proxy = await Proxy.start(this.target.url);
    this.atEnd(() => proxy.stop());
    return proxy;
  }

  // Opens a record and waits until it is ready.
  async record(client, name) {
    const record = client.record.getRecord(name);
    await settled(record.whenReady(), `record ${name}`);
    return record;
  }

  async list(client, name) {
    const list = client.record.getList(name);
    await settled(list.whenReady(), `list ${name}`);
    return list;
  }

  // Waits until the server has handled everything that the client was asked to send so far, and has
  // sent its acknowledgements. The client collects subscriptions for a while first; a timer that
  // begins later and takes longer ends later.
  async reached(client) {
    await pause(client.subscriptionInterval + 1);
    await settled(client.record.head(this.name(`fence-${names++}`)), "the answer to a request");
    const { register } = client.services.timeoutRegistry;
    await until(() => register.size === 0, () => `the answers to ${[...register.keys()]}`);
  }

  // Waits until a reconnected client has its records up to date: it asks for their versions, and
  // then for those that have changed. An earlier write would have a wrong version, or make the
  // client believe that the record was deleted.
  async resubscribed(client) {
    await until(() => client.getConnectionState() === "OPEN", "a connection to come back");
    for (let answers = 0; answers < 2; answers++) await this.reached(client);
  }

  async error(client, event) {
    return until(() => client.errors.find((error) => error.event === event),
                 () => `${event}; came: ${JSON.stringify(client.errors)}`);
  }

  async post(path, body, headers = {}) {
    const response = await fetch(this.target.httpUrl + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  // Returns the entries of the response to a batch of the HTTP interface.
  async api(messages, others = {}) {
    const { status, text } = await this.post("/api", { ...others, body: messages });
    if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
    return JSON.parse(text);
  }

  until(condition, what) { return until(condition, what); }
  settled(promise, what) { return settled(promise, what); }

  async end() {
    for (const ending of this.endings.reverse()) await ending();
  }
}

module.exports = { Context };
