"use strict";
// Logins that a web server decides.

const assert = require("node:assert/strict");
const http = require("node:http");

// The responses of the web server, by user name: status and body; and the requests that it
// received.
const asked = [];

const timesAsked = (username) => asked.filter(({ body }) => body.authData.username === username).length;

const answers = {
  text: () => [200, "id of a text"],
  object: () => [200, { id: "id of an object", clientData: { seat: "A12" }, serverData: { role: "clerk" } }],
  noId: () => [200, {}],
  created: () => [201, "id of a text"],
  refusedText: () => [403, "no entry"],
  refusedObject: () => [401, { clientData: { why: "because" } }],
  refusedSilently: () => [401, ""],
  permittedNowhere: () => [204, ""],
  secondTime: () => (timesAsked("secondTime") < 2 ? [503, "busy"] : [200, "id of patience"]),
  onlyOnce: () => (timesAsked("onlyOnce") < 2 ? [200, "id for a while"] : [401, "not again"]),
  changing: () => [200, { id: "id of change", clientData: { time: timesAsked("changing") } }],
  never: () => [503, "busy"],
  token: () => [200, { id: "id of a token", token: "ticket-1", clientData: { seat: "B7" } }],
};

function answer(request, response, text) {
  const body = JSON.parse(text);
  asked.push({ headers: request.headers, body });
  const { username, token } = body.authData;
  const [status, value] = token === "ticket-1" ? [200, "id of a token"]
    : answers[username] ? answers[username]() : [401, "unknown"];
  const isObject = typeof value === "object";
  response.writeHead(status, { "content-type": isObject ? "application/json" : "text/plain" });
  response.end(isObject ? JSON.stringify(value) : value);
}

async function prepare() {
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (data) => { text += data; });
    request.on("end", () => answer(request, response, text));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const wishes = {
    auth: [{
      type: "http", endpoint_url: `http://127.0.0.1:${server.address().port}/login`, permitted_status_codes: [200, 201],
      request_timeout_ms: 60000, retry_status_codes: [503], retry_attempts: 2, retry_interval_ms: 50,
      promote_to_header: ["realm"],
    }],
    rules: {
      record: { "*": { create: true, read: true, write: "user.data.role === 'clerk'", delete: true } },
      event: { "*": { publish: true, subscribe: true, listen: true } },
      rpc: { "*": { provide: true, request: true } },
      presence: { "*": { allow: true } },
    },
  };
  const end = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { wishes, end };
}

const login = (context, authData) => context.settled(context.connect().login(authData), "a login");

const refused = (context, username, reason) => assert.rejects(login(context, { username }), (error) => {
  assert.deepEqual(error, { reason });
  return true;
});

const tests = {
  "a text is the user's id": async (context) => {
    assert.equal(await login(context, { username: "text" }), null);
    const other = await context.login({ username: "object" });
    await context.until(async () => (await other.presence.getAll()).includes("id of a text"), "the user");
  },

  "an object has id and data": async (context) => {
    const client = context.connect();
    const data = await context.settled(client.login({ username: "object" }), "a login");
    assert.deepEqual(data, { seat: "A12" });
    // Rules also receive the user's data from the webhook.
    await context.settled(client.record.setDataWithAck(context.name("x"), { a: 1 }), "an acknowledgement");
    const other = await context.login({ username: "text" });
    const write = context.settled(other.record.setDataWithAck(context.name("x"), { a: 2 }), "an answer");
    await assert.rejects(write, (error) => ["MESSAGE_DENIED", "MESSAGE_PERMISSION_ERROR"].includes(error));
  },

  "a permitted status without an id": async (context) => {
    assert.equal(await login(context, { username: "noId" }), null);
  },

  "every permitted status": async (context) => {
    assert.equal(await login(context, { username: "created" }), null);
  },

  "a refusal, with a text, with an object, with nothing": async (context) => {
    await refused(context, "refusedText", { error: "no entry" });
    await refused(context, "refusedObject", { why: "because" });
    await refused(context, "refusedSilently", "INVALID_AUTHENTICATION_DETAILS");
    await refused(context, "permittedNowhere", "INVALID_AUTHENTICATION_DETAILS");
  },

  "the web server gets the data of the client": async (context) => {
    await login(context, { username: "text", realm: "arena", more: { a: [1] } });
    const { headers, body } = asked.findLast((one) => one.body.authData.realm === "arena");
    assert.deepEqual(body.authData, { username: "text", realm: "arena", more: { a: [1] } });
    assert.equal(typeof body.connectionData.headers, "object");
    assert.match(body.connectionData.remoteAddress, /127\.0\.0\.1/);
    assert.equal(headers.realm, "arena");
    assert.match(headers["content-type"], /application\/json/);
  },

  "a web server that is busy is asked again": async (context) => {
    assert.equal(await login(context, { username: "secondTime" }), null);
  },

  "a web server that stays busy refuses": async (context) => {
    await refused(context, "never", { error: "AUTH_RETRY_ATTEMPTS_EXCEEDED" });
  },

  "a client that is refused when it reconnects is notified": async (context) => {
    const proxy = await context.proxy();
    const client = await context.login({ username: "onlyOnce" }, { url: proxy.url });
    let reason;
    client.on("reauthenticationFailure", (told) => { reason = told; });
    proxy.cut();
    proxy.mend();
    await context.until(() => reason, "the refusal");
    assert.deepEqual(reason, { reason: { error: "not again" } });
  },

  "the client gets data that has changed meanwhile": async (context) => {
    const proxy = await context.proxy();
    const client = await context.login({ username: "changing" }, { url: proxy.url });
    let data;
    client.on("clientDataChanged", (told) => { data = told; });
    proxy.cut();
    proxy.mend();
    await context.until(() => data, "the change");
    assert.deepEqual(data, { time: 2 });
  },

  "a token that it gives out is good for the HTTP interface": async (context) => {
    const { status, text } = await context.post("/api/auth", { username: "token" });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { token: "ticket-1", clientData: { seat: "B7" } });
    const head = { topic: "record", action: "head", recordName: context.name("x") };
    assert.equal((await context.api([head], { token: "ticket-1" })).result, "SUCCESS");
    assert.equal((await context.post("/api", { body: [head], token: "ticket-2" })).status, 401);
  },
};

module.exports = { prepare, tests };
