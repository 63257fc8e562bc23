"use strict";

const assert = require("node:assert/strict");

// Sends one message; resolves to its entry in the response and the overall result.
async function one(context, message, others) {
  const answer = await context.api([message], others);
  assert.equal(answer.body.length, 1);
  return { ...answer.body[0], result: answer.result };
}

const success = { success: true, result: "SUCCESS" };

const record = (action, recordName, others = {}) => ({ topic: "record", action, recordName, ...others });
const list = (action, listName, others = {}) => ({ topic: "list", action, listName, ...others });

const ordinary = {
  "an event is emitted": async (context) => {
    const client = await context.login();
    const name = context.name("event");
    const heard = [];
    client.event.subscribe(name, (data) => heard.push(data));
    await context.reached(client);
    const emit = { topic: "event", action: "emit", eventName: name };
    assert.deepEqual(await one(context, { ...emit, data: { a: [1] } }), success);
    assert.deepEqual(await one(context, emit), success);
    await context.until(() => heard.length === 2, "both events");
    assert.deepEqual(heard, [{ a: [1] }, undefined]);
  },

  "a record is written, read, looked up and deleted": async (context) => {
    const name = context.name("record");
    assert.deepEqual(await one(context, record("head", name)), { version: -1, ...success });
    assert.deepEqual(await one(context, record("write", name, { data: { a: 1 } })), success);
    assert.deepEqual(await one(context, record("read", name)), { version: 1, data: { a: 1 }, ...success });
    assert.deepEqual(await one(context, record("write", name, { data: { a: 2 } })), success);
    assert.deepEqual(await one(context, record("head", name)), { version: 2, ...success });
    assert.deepEqual(await one(context, record("delete", name)), success);
    assert.deepEqual(await one(context, record("head", name)), { version: -1, ...success });
  },

  "a path of a record is written": async (context) => {
    const name = context.name("path");
    assert.deepEqual(await one(context, record("write", name, { path: "a.b[1]", data: "x" })), success);
    assert.deepEqual((await one(context, record("read", name))).data, { a: { b: [null, "x"] } });
  },

  "versions are compared": async (context) => {
    const name = context.name("versions");
    assert.deepEqual(await one(context, record("write", name, { data: { a: 1 }, version: -1 })), success);
    assert.deepEqual(await one(context, record("write", name, { data: { a: 2 }, version: 2 })), success);
    assert.deepEqual(await one(context, record("write", name, { data: { a: 3 }, version: 2 })), {
      errorTopic: "record", errorEvent: 102, success: false,
      error: `Record update failed. Version 2 exists for record "${name}".`,
      currentVersion: 2, currentData: { a: 2 }, result: "FAILURE",
    });
    assert.deepEqual((await one(context, record("read", name))).data, { a: 2 });
  },

  "a version that is too high": async (context) => {
    const name = context.name("too-high");
    await one(context, record("write", name, { data: { a: 1 } }));
    const { error, errorEvent, errorTopic, currentVersion, result, success: isSuccess } =
      await one(context, record("write", name, { data: { a: 2 }, version: 9 }));
    assert.deepEqual({ error, errorEvent, errorTopic, currentVersion, result, isSuccess }, {
      error: `Record update failed. Version 1 is not valid for record "${name}".`,
      errorEvent: 108, errorTopic: "record", currentVersion: 1, result: "FAILURE", isSuccess: false,
    });
  },

  "a missing record": async (context) => {
    const name = context.name("missing");
    assert.deepEqual(await one(context, record("read", name)), {
      errorTopic: "record", errorEvent: 107, success: false,
      error: `Record read failed. Record "${name}" could not be found.`, result: "FAILURE",
    });
    assert.deepEqual(await one(context, record("delete", name)), success);
  },

  "writes reach clients that have the record open": async (context) => {
    const name = context.name("open");
    const opened = await context.record(await context.login(), name);
    await one(context, record("write", name, { data: { a: 1 } }));
    await one(context, record("write", name, { path: "b", data: 2 }));
    await context.until(() => opened.version === 2, "both writes");
    assert.deepEqual(opened.get(), { a: 1, b: 2 });
  },

  "notify": async (context) => {
    const name = context.name("notify");
    await one(context, record("write", name, { data: { a: 1 } }));
    assert.deepEqual(await one(context, { topic: "record", action: "notify", recordNames: [name] }), success);
    const version = context.differs("notify-never-deletes") ? 1 : -1;
    assert.equal((await one(context, record("head", name))).version, version);
  },

  "a list": async (context) => {
    const name = context.name("list");
    assert.deepEqual(await one(context, list("write", name, { data: ["a", "b"] })), success);
    assert.deepEqual(await one(context, list("read", name)), { version: 1, data: ["a", "b"], ...success });
    assert.deepEqual(await one(context, list("delete", name)), success);
    assert.equal((await one(context, list("read", name))).errorEvent, 107);
  },

  "a call": async (context) => {
    const provider = await context.login();
    const name = context.name("call");
    provider.rpc.provide(name, (data, response) => response.send({ twice: data * 2 }));
    await context.reached(provider);
    const make = { topic: "rpc", action: "make", rpcName: name, data: 21 };
    assert.deepEqual(await one(context, make), { data: { twice: 42 }, ...success });
  },

  "a call that fails": async (context) => {
    const provider = await context.login();
    const name = context.name("fails");
    provider.rpc.provide(name, (data, response) => response.error("sold out"));
    await context.reached(provider);
    assert.deepEqual(await one(context, { topic: "rpc", action: "make", rpcName: name }), {
      errorTopic: "rpc", error: "sold out", success: false, result: "FAILURE",
    });
  },

  "a call without a provider": async (context) => {
    const name = context.name("nobody");
    assert.deepEqual(await one(context, { topic: "rpc", action: "make", rpcName: name, data: 1 }), {
      errorTopic: "rpc", errorEvent: 100, success: false,
      error: `No provider was available to handle the RPC "${name}".`, result: "FAILURE",
    });
  },

};

const hasty = {
  "a call that is not answered in time": async (context) => {
    const provider = await context.login();
    const name = context.name("slow");
    provider.rpc.provide(name, (data, response) => response.accept());
    await context.reached(provider);
    const answer = await one(context, { topic: "rpc", action: "make", rpcName: name, data: 1 });
    assert.equal(answer.success, false);
    assert.equal(answer.errorTopic, "rpc");
    assert.equal(answer.error, "The RPC response timeout was exceeded by the provider.");
  },
};

const further = {
  "presence": async (context) => {
    const [here, away] = [`here-${context.prefix}`, `away-${context.prefix}`];
    await context.login({ username: here });
    const query = { topic: "presence", action: "query" };
    await context.until(async () => (await one(context, query)).users.includes(here), "the user");
    assert.deepEqual(await one(context, { ...query, names: [here, away] }),
                     { users: { [here]: true, [away]: false }, ...success });
  },

  "several messages, some of which fail": async (context) => {
    const [name, missing] = [context.name("some"), context.name("missing")];
    const answer = await context.api([
      record("write", name, { data: { a: 1 } }), record("read", missing), record("head", missing),
    ]);
    assert.equal(answer.result, "PARTIAL_SUCCESS");
    assert.deepEqual(answer.body.map((entry) => entry.success), [true, false, true]);
    assert.equal(answer.body[1].errorEvent, 107);
    const failure = await context.api([record("read", missing), record("read", missing)]);
    assert.equal(failure.result, "FAILURE");
  },

  "several messages are carried out one after another": async (context) => {
    const name = context.name("batch");
    const answer = await context.api([
      list("write", name, { data: ["a"] }), list("read", name), list("write", name, { data: ["a", "b"], version: 2 }),
      list("read", name),
    ]);
    if (context.differs("batches-in-order")) {
      assert.equal(answer.result, "SUCCESS");
      assert.deepEqual(answer.body.map((entry) => entry.data), [undefined, ["a"], undefined, ["a", "b"]]);
    } else {
      // Which of them see which others is undefined; each has an answer.
      assert.ok(["SUCCESS", "PARTIAL_SUCCESS"].includes(answer.result));
      assert.equal(answer.body.length, 4);
    }
  },

  "an invalid message": async (context) => {
    const wrong = [
      {}, { topic: "record" }, { topic: "record", action: "fly", recordName: "x" },
      { topic: "nothing", action: "emit" },
      { topic: "event", action: "emit" }, { topic: "event", action: "emit", eventName: "" },
      { topic: "event", action: "emit", eventName: 5 }, record("write", "x"), record("write", "x", { data: 5 }),
      record("write", "x", { data: { a: 1 }, version: "1" }), record("read", ""), record("read", "x", { more: 1 }),
      list("write", "x", { data: [1] }), list("write", "x", { data: {} }), { topic: "rpc", action: "make" },
      { topic: "presence", action: "query", names: "all" },
    ];
    for (const message of wrong) {
      const { status, text } = await context.post("/api", { body: [message] });
      assert.equal(status, 400, JSON.stringify(message));
      assert.match(text, /^Failed to parse JIF object at index 0\./);
    }
  },

  "an invalid message gets the reason": async (context) => {
    const says = async (body, index, reason) => {
      const { status, text } = await context.post("/api", { body });
      assert.equal(status, 400);
      assert.equal(text.trim(), `Failed to parse JIF object at index ${index}. Reason: ${reason}`);
    };
    const emit = { topic: "event", action: "emit" };
    await says([{}], 0, "property 'topic' is required for topic 'undefined'");
    await says([{ ...emit, eventName: "x" }, emit], 1, "property 'eventName' is required for topic 'event'");
    await says([{ ...emit, eventName: "" }], 0, "property '.eventName' should NOT be shorter than 1 characters");
    await says([{ ...emit, eventName: 5 }], 0, "property '.eventName' should be string");
  },

  "a request with an invalid message changes nothing": async (context) => {
    const name = context.name("untouched");
    const body = [record("write", name, { data: { a: 1 } }), record("read", "")];
    const { status } = await context.post("/api", { body });
    assert.equal(status, 400);
    assert.equal((await one(context, record("head", name))).version, -1);
  },

  "an invalid body": async (context) => {
    const says = async (body, expected) => {
      const { status, text } = await context.post("/api", body);
      assert.equal(status, 400, text);
      assert.equal(text.trim(), expected);
    };
    await says({}, 'Invalid message: the "body" parameter must exist.');
    await says({ body: [] }, 'Invalid message: the "body" parameter must be a non-empty array of Objects.');
    await says({ body: "text" }, 'Invalid message: the "body" parameter must be a non-empty array of Objects.');
    const { status, text } = await context.post("/api", '{"body":[');
    assert.equal(status, 400);
    assert.match(text, /^Failed to parse body of request: /);
  },

  "other types, methods and paths": async (context) => {
    const get = async (path, options = {}) => (await fetch(context.target.httpUrl + path, options)).status;
    assert.equal((await context.post("/api", "x", { "content-type": "text/plain" })).status, 415);
    assert.equal((await context.post("/elsewhere", {})).status, 404);
    assert.equal(await get("/api", { method: "PUT", body: "{}" }), 405);
    const answer = await fetch(context.target.httpUrl + "/api");
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /^Reading records via HTTP GET is not yet implemented/);
  },

  "the health check": async (context) => {
    const response = await fetch(context.target.httpUrl + "/health-check");
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "");
  },

  "anybody may log in": async (context) => {
    const { status, text } = await context.post("/api/auth", { username: "ann" });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), {});
  },

  "pages of other origins are served": async (context) => {
    const origin = "http://elsewhere.example";
    const preflight = await fetch(context.target.httpUrl + "/api", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
    const request = await fetch(context.target.httpUrl + "/api", {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: JSON.stringify({ body: [record("head", context.name("x"))] }),
    });
    assert.ok([200, 204].includes(preflight.status));
    assert.match(preflight.headers.get("access-control-allow-headers").toLowerCase(), /content-type/);
    assert.match(preflight.headers.get("access-control-allow-methods"), /POST/);
    assert.equal(request.status, 200);
    for (const answer of [preflight, request]) {
      assert.ok(["*", origin].includes(answer.headers.get("access-control-allow-origin")));
    }
  },
};

const authData = { username: "ann", password: "a" };

const guarded = {
  "an unknown client is not served": async (context) => {
    const body = [record("head", context.name("x"))];
    for (const others of [{}, { authData: { username: "ann", password: "wrong" } }, { token: "none" }]) {
      const { status } = await context.post("/api", { body, ...others });
      assert.equal(status, 401, JSON.stringify(others));
    }
    assert.equal((await context.post("/api", { body, authData })).status, 200);
  },

  "login data of the wrong type": async (context) => {
    const body = [record("head", context.name("x"))];
    assert.equal((await context.post("/api", { body, authData: "ann" })).status, 400);
    assert.equal((await context.post("/api", { body, token: 5 })).status, 400);
  },

  "a login gives the client's data": async (context) => {
    const { status, text } = await context.post("/api/auth", authData);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { clientData: { seat: "A12" } });
    const refused = await context.post("/api/auth", { username: "ann", password: "wrong" });
    assert.equal(refused.status, 401);
  },

  "what rules deny": async (context) => {
    const name = `denied/${context.prefix}`;
    assert.deepEqual(await one(context, record("read", name), { authData }), {
      errorTopic: "record", errorEvent: 115, success: false, action: 3,
      error: 'Message denied. Action "READ" is not permitted.', result: "FAILURE",
    });
    const write = await one(context, record("write", name, { data: {} }), { authData });
    assert.equal(write.errorEvent, 115);
    assert.equal(write.success, false);
    assert.deepEqual(await one(context, { topic: "event", action: "emit", eventName: name }, { authData }), {
      success: false, error: "Message denied. Action 'emit' is not permitted.", errorEvent: "MESSAGE_DENIED",
      errorAction: "emit", errorTopic: "event", result: "FAILURE",
    });
    const call = await one(context, { topic: "rpc", action: "make", rpcName: name, data: 1 }, { authData });
    assert.equal(call.success, false);
    assert.equal(call.errorEvent, 107);
  },
};

const allowed = { create: true, read: true, write: true, delete: true, listen: true, notify: true };
const nothing = { create: false, read: false, write: false, delete: false, listen: false, notify: false };

module.exports.groups = [
  { wishes: { all_origins: true }, tests: { ...ordinary, ...further } },
  { wishes: { rpc_response_timeout_ms: 200 }, tests: hasty },
  {
    wishes: {
      auth: [{ type: "file", users: { ann: { password: "a", clientData: { seat: "A12" } } } }],
      rules: {
        record: { "*": allowed, "denied/*": nothing },
        event: { "*": { publish: true, subscribe: true, listen: true }, "denied/*": { publish: false } },
        rpc: { "*": { provide: true, request: true }, "denied/*": { request: false } },
        presence: { "*": { allow: true } },
      },
    },
    tests: guarded,
  },
];
