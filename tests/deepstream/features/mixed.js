"use strict";
// deepstream's clients together with native ones: the command line, and the gateway's REST.

const assert = require("node:assert/strict");

const recordUrl = (context, name) => `${context.target.httpUrl}/v1/records/${encodeURIComponent(name)}`;

async function request(context, method, name, body, type = "application/json") {
  const headers = body ? { "content-type": type } : {};
  const response = await fetch(recordUrl(context, name), { method, body, headers });
  assert.ok(response.ok, `${method} ${name}: ${response.status} ${await response.clone().text()}`);
  return response.text();
}

const succeeds = (promise) => promise.then(() => true, () => false);

// A command that runs until the test ends.
function command(context, ...args) {
  const running = context.target.beginCli(...args);
  context.atEnd(async () => {
    running.stop();
    await running.ended;
  });
  return running;
}

const tests = {
  "deepstream's clients receive records written natively": async (context) => {
    const name = context.name("native");
    await context.target.cli("put", name, '{"a":1}');
    const client = await context.login();
    const record = await context.record(client, name);
    assert.deepEqual(record.get(), { a: 1 });
    await context.target.cli("put", name, '{"a":2,"b":[1]}');
    await context.until(() => record.get("a") === 2, "the write");
    assert.deepEqual(record.get(), { a: 2, b: [1] });
    await context.settled(record.setWithAck("c", 3), "an acknowledgement");
    assert.deepEqual(JSON.parse(await context.target.cli("get", name)), { a: 2, b: [1], c: 3 });
  },

  "deepstream's clients receive writes, patches and deletions through REST": async (context) => {
    const name = context.name("rest");
    const client = await context.login();
    const record = await context.record(client, name);
    await request(context, "PUT", name, '{"a":{"b":1}}');
    await context.until(() => record.get("a.b") === 1, "the document");
    await request(context, "PATCH", name, '{"a":{"c":2}}', "application/merge-patch+json");
    await context.until(() => record.get("a.c") === 2, "the patch");
    assert.deepEqual(record.get(), { a: { b: 1, c: 2 } });
    let isDeleted = false;
    record.on("delete", () => { isDeleted = true; });
    await request(context, "DELETE", name);
    await context.until(() => isDeleted, "the deletion");
  },

  "native clients read records written by deepstream's clients": async (context) => {
    const name = context.name("theirs");
    const client = await context.login();
    await context.settled(client.record.setDataWithAck(name, { b: 1, a: ["x"] }), "an acknowledgement");
    assert.deepEqual(JSON.parse(await context.target.cli("get", name)), { a: ["x"], b: 1 });
    assert.deepEqual(JSON.parse(await request(context, "GET", name)), { a: ["x"], b: 1 });
  },

  "both write one record, and nothing is lost": async (context) => {
    const name = context.name("both");
    const client = await context.login();
    const record = await context.record(client, name);
    for (let n = 0; n < 20; n++) {
      const write = () => record.setWithAck(`deepstream.n${n}`, n);
      await context.until(() => succeeds(write()), "an acknowledgement");
      const patch = JSON.stringify({ native: { [`n${n}`]: n } });
      await request(context, "PATCH", name, patch, "application/merge-patch+json");
      await context.until(() => record.get(`native.n${n}`) === n, "the native write");
    }
    const stored = JSON.parse(await request(context, "GET", name));
    assert.deepEqual(stored, record.get());
    assert.equal(Object.keys(stored.native).length, 20);
    assert.equal(Object.keys(stored.deepstream).length, 20);
  },

  "events go both ways": async (context) => {
    const client = await context.login();
    const name = context.name("event");
    const heard = [];
    client.event.subscribe(name, (data) => heard.push(data));
    await context.reached(client);
    await context.target.cli("publish", name, '{"from":"native"}');
    await context.until(() => heard.length === 1, "the native event");
    assert.deepEqual(heard, [{ from: "native" }]);
    const watching = command(context, "watch", "--events", name);
    // The command does not report when it has begun.
    await context.until(() => {
      client.event.emit(name, { from: "deepstream" });
      return watching.lines.length > 0;
    }, "deepstream's event");
    const event = JSON.parse(watching.lines[0]);
    assert.equal(event.kind, "event");
    assert.deepEqual(event.document, { from: "deepstream" });
  },

  "deepstream's clients are called natively": async (context) => {
    const client = await context.login();
    const name = context.name("rpc");
    client.rpc.provide(name, ({ a, b }, response) => response.send({ sum: a + b }));
    await context.reached(client);
    assert.deepEqual(JSON.parse(await context.target.cli("call", name, '{"a":1,"b":2}')), { sum: 3 });
    const response = await fetch(`${context.target.httpUrl}/v1/rpc/${encodeURIComponent(name)}`, {
      method: "POST", body: '{"a":3,"b":4}', headers: { "content-type": "application/json" },
    });
    assert.deepEqual(await response.json(), { sum: 7 });
  },

  "deepstream's clients call what is provided natively": async (context) => {
    const client = await context.login();
    const name = context.name("rpc");
    command(context, "provide", name, "--exec", "cat");
    await context.until(() => succeeds(client.rpc.make(name, { a: 1 })), "the answer");
    assert.deepEqual(await client.rpc.make(name, { a: 2 }), { a: 2 });
  },

  "deepstream's clients listen for native watchers": async (context) => {
    const client = await context.login();
    const [found, stopped] = [[], []];
    client.record.listen(context.name("live/") + ".*", (name, response) => {
      found.push(name);
      response.onStop((subject) => stopped.push(subject));
      response.accept();
      client.record.setData(name, { live: true });
    });
    await context.reached(client);
    const name = context.name("live/1");
    const watching = command(context, "watch", "--initial", name);
    await context.until(() => watching.lines.some((line) => JSON.parse(line).document?.live), "the provider's data");
    assert.deepEqual(found, [name]);
    watching.stop();
    await context.until(() => stopped.length === 1, "the stop");
  },

  "native listeners provide for deepstream's clients": async (context) => {
    const name = context.name("clock/1");
    command(context, "listen", context.name("clock/*"), "--exec",
            `${context.target.programs.cli} put "$RINGSIDE_SUBJECT" '{"now":1}'`);
    const client = await context.login();
    const record = await context.record(client, name);
    await context.until(() => record.hasProvider, "a provider");
    await context.until(() => record.get("now") === 1, "the provider's data");
  },

  "native clients see deepstream's users": async (context) => {
    const username = `ann-${context.prefix}`;
    const client = await context.login({ username });
    const isThere = () => succeeds(context.target.cli("get", `$sys/presence/${username}`));
    await context.until(isThere, "the record of the user");
    await context.close(client);
    await context.until(async () => !(await isThere()), "the record to go");
  },
};

module.exports = { only: "ringside", tests };
