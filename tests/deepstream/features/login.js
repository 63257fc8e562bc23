"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, CONNECTION_ACTION, AUTH_ACTION, RECORD_ACTION } = deepstreamClient().C;

const hashing = { hash: "sha256", iterations: 500, key_length: 32 };

// As computed by `deepstream hash`: the key, followed by the salt.
function hashed(password) {
  const salt = crypto.randomBytes(16).toString("base64");
  const { iterations, key_length, hash } = hashing;
  return crypto.pbkdf2Sync(password, salt, iterations, key_length, hash).toString("base64") + salt;
}

const unknown = { reason: "INVALID_AUTHENTICATION_DETAILS" };

const refused = (context, client, authData, reason) =>
  assert.rejects(context.settled(client.login(authData), "a login"), (error) => {
    assert.deepEqual(error, reason);
    return true;
  });

const challenge = (context) => ({
  topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CHALLENGE, url: context.target.url,
  protocolVersion: "0.1a", sdkVersion: "7.0.5", sdkType: "javascript",
});

async function challenged(context) {
  const connection = await context.rawUnknown();
  connection.send(challenge(context));
  assert.deepEqual(await connection.next(), { topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.ACCEPT });
  return connection;
}

const open = {
  "every user may log in": async (context) => {
    const client = context.connect();
    const data = await context.settled(client.login(), "a login");
    assert.equal(data, null);
    assert.equal(client.getConnectionState(), "OPEN");
  },

  "login takes a callback": async (context) => {
    const client = context.connect();
    const outcome = new Promise((resolve) => client.login({ username: "ann" }, (ok, data) => resolve([ok, data])));
    assert.deepEqual(await context.settled(outcome, "a login"), [true, null]);
  },

  "a connection goes through its states": async (context) => {
    const client = context.connect();
    const states = [];
    client.on("connectionStateChanged", (state) => states.push(state));
    await context.settled(client.login(), "a login");
    await context.close(client);
    for (const state of ["AUTHENTICATING", "OPEN", "CLOSED"]) assert.ok(states.includes(state), `${state}: ${states}`);
  },

  "nothing is said before the client says something": async (context) => {
    const connection = await challenged(context);
    assert.equal(connection.received().length, 1);
  },

  "a message before the login is refused": async (context) => {
    const connection = await challenged(context);
    connection.send({ topic: TOPIC.RECORD, action: RECORD_ACTION.READ, name: context.name("x") });
    const refusal = await connection.next();
    assert.equal(refusal.topic, TOPIC.AUTH);
    assert.equal(refusal.action, AUTH_ACTION.INVALID_MESSAGE);
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: "{}" });
    assert.equal((await connection.next()).action, AUTH_ACTION.AUTH_SUCCESSFUL);
  },

  "a login before the challenge is refused": async (context) => {
    const connection = await context.rawUnknown();
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: "{}" });
    const answer = await connection.next();
    assert.equal(answer.topic, TOPIC.CONNECTION);
    assert.equal(answer.action, CONNECTION_ACTION.INVALID_MESSAGE);
  },

  "login data that is not JSON ends the connection": async (context) => {
    const connection = await challenged(context);
    connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: "{" });
    if (context.differs("malformed-json-closes-the-connection")) {
      assert.equal((await connection.next()).action, AUTH_ACTION.INVALID_MESSAGE_DATA);
      await context.settled(connection.closed, "the end of the connection");
      await context.reached(await context.login());
    } else {
      await context.until(() => !context.target.isRunning, "the end of the server");
      await context.target.restart();
    }
  },

  "login data that is not an object ends the connection": async (context) => {
    for (const data of ["5", "null", '"ann"']) {
      const connection = await challenged(context);
      connection.send({ topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data });
      assert.equal((await connection.next()).action, AUTH_ACTION.INVALID_MESSAGE_DATA);
      await context.settled(connection.closed, "the end of the connection");
    }
  },

  "another path is not served": async (context) => {
    const { RawConnection } = require("../support/raw_connection");
    await assert.rejects(RawConnection.open(context.target.url + "-other"));
  },

  "pings are answered after the login": async (context) => {
    const connection = await context.raw();
    connection.send({ topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING });
    assert.deepEqual(await connection.next(), { topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PONG });
  },
};

const fromFile = {
  "the right password": async (context) => {
    const client = context.connect();
    const data = await context.settled(client.login({ username: "ann", password: "secret" }), "a login");
    assert.deepEqual(data, { favourite: "A12", seats: [1, 2] });
  },

  "a user without data": async (context) => {
    const client = context.connect();
    assert.equal(await context.settled(client.login({ username: "bob", password: "pass word" }), "a login"), null);
  },

  "a wrong password, an unknown user": async (context) => {
    const client = context.connect();
    await refused(context, client, { username: "ann", password: "wrong" }, unknown);
    await refused(context, client, { username: "zoe", password: "secret" }, unknown);
  },

  "no name or no password": async (context) => {
    const reason = { reason: { error: "missing authentication parameter: username or/and password" } };
    await refused(context, context.connect(), {}, reason);
    await refused(context, context.connect(), { username: "ann" }, reason);
    await refused(context, context.connect(), { username: "ann", password: 5 }, reason);
  },

  "a refused client may try again": async (context) => {
    const client = context.connect();
    await refused(context, client, { username: "ann", password: "wrong" }, unknown);
    const data = await context.settled(client.login({ username: "ann", password: "secret" }), "a login");
    assert.equal(data.favourite, "A12");
  },

  "too many attempts end the connection": async (context) => {
    const client = context.connect();
    for (let n = 0; n < 3; n++) {
      await refused(context, client, { username: "ann", password: "no" }, unknown);
    }
    await context.until(() => client.getConnectionState() === "TOO_MANY_AUTH_ATTEMPTS", "the end of patience");
  },

  "too many attempts, seen on the wire": async (context) => {
    const connection = await challenged(context);
    const request = { topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: '{"username":"ann","password":"no"}' };
    for (let n = 0; n < 3; n++) {
      connection.send(request);
      assert.equal((await connection.next()).action, AUTH_ACTION.AUTH_UNSUCCESSFUL);
    }
    assert.equal((await connection.next()).action, AUTH_ACTION.TOO_MANY_AUTH_ATTEMPTS);
    await context.settled(connection.closed, "the end of the connection");
  },

  "users are known by their names": async (context) => {
    const ann = await context.login({ username: "ann", password: "secret" });
    await context.login({ username: "bob", password: "pass word" });
    await context.until(async () => (await ann.presence.getAll()).includes("bob"), "the other user");
  },
};

const patience = {
  "a client that does not log in in time is disconnected": async (context) => {
    const client = context.connect();
    await context.until(() => client.getConnectionState() === "AUTHENTICATION_TIMEOUT", "the end of patience");
  },

  "the same on the wire": async (context) => {
    const connection = await context.rawUnknown();
    connection.send(challenge(context));
    // Whether the challenge was accepted first depends on timing.
    await connection.nextOf({ topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.AUTHENTICATION_TIMEOUT });
    await context.settled(connection.closed, "the end of the connection");
  },
};

module.exports.groups = [
  { tests: open },
  {
    wishes: {
      auth: [{
        type: "file", ...hashing,
        users: {
          ann: { password: hashed("secret"), clientData: { favourite: "A12", seats: [1, 2] } },
          bob: { password: hashed("pass word") },
        },
      }],
    },
    tests: fromFile,
  },
  {
    wishes: { auth: [{ type: "file", users: { ann: { password: "plain", clientData: { a: 1 } } } }] },
    tests: {
      "passwords that are not hashed": async (context) => {
        const login = context.connect().login({ username: "ann", password: "plain" });
        assert.deepEqual(await context.settled(login, "a login"), { a: 1 });
        await refused(context, context.connect(), { username: "ann", password: "plain " },
                      unknown);
      },
    },
  },
  { wishes: { unauthenticated_timeout_ms: 300 }, tests: patience },
];
