"use strict";
// What one test works with: the target, names of its own, and clients that are closed afterwards.

const peers = require("./peers");
const { Proxy } = require("./proxy");
const { RawConnection } = require("./raw_connection");
const { longMs } = require("./times");
const { until, settled, pause } = require("./until");
const differences = require("../differences");

const { DeepstreamClient } = peers.client();

const clientOptions = {
  nativeTimerRegistry: true,
  // Shorter than the client's own: tests take no longer than they have to.
  subscriptionInterval: 5,
  reconnectIntervalIncrement: 20,
  maxReconnectInterval: 100,
  maxReconnectAttempts: 10000,
  recordDiscardTimeout: 20,
  // Not reached, however slow the machine is.
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

  // Whether the target is to do what differences.js says of Ringside, and not what upstream does.
  differs(id) {
    differences.use(id);
    return !this.target.isUpstream;
  }

  // `action` is carried out at the end of the test, whatever comes of it.
  atEnd(action) { this.endings.push(action); }

  // A client that has not logged in. What it reports as errors is kept in `errors`.
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

  // Opens a record and waits until it is there.
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

  // Waits until the server has handled all that the client was told to send so far, and has
  // acknowledged what it acknowledges. The client collects subscriptions for a while first; a
  // timer that begins later and takes longer ends later.
  async reached(client) {
    await pause(client.subscriptionInterval + 1);
    await settled(client.record.head(this.name(`fence-${names++}`)), "the answer to a request");
    const { register } = client.services.timeoutRegistry;
    await until(() => register.size === 0, () => `the answers to ${[...register.keys()]}`);
  }

  // Waits until a client whose connection has come back has its records up to date again: it asks
  // for their versions, and then for those that have changed. What it writes before that has a
  // wrong version, or makes it believe that the record was deleted.
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

  // The entries of the answer to a batch of the HTTP interface.
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
