"use strict";

const assert = require("node:assert/strict");
const { client: deepstreamClient } = require("../support/peers");

const { TOPIC, RPC_ACTION } = deepstreamClient().C;

async function provider(context, name, answer, client) {
  const providing = client || (await context.login());
  providing.rpc.provide(name, answer);
  await context.reached(providing);
  return providing;
}

const make = (context, client, name, data) => context.settled(client.rpc.make(name, data), `the answer of ${name}`);

const fails = (context, client, name, reason) =>
  assert.rejects(make(context, client, name, null), (error) => {
    assert.deepEqual(error, reason);
    return true;
  });

// A connection without the client library that provides `name`.
async function rawProvider(context, name) {
  const connection = await context.raw();
  connection.send({ topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names: [name], correlationId: "0" });
  await connection.nextOf({ action: RPC_ACTION.PROVIDE, isAck: true });
  return connection;
}

const ordinary = {
  "a call is answered": async (context) => {
    const name = context.name("add");
    await provider(context, name, ({ a, b }, response) => response.send(a + b));
    const caller = await context.login();
    assert.equal(await make(context, caller, name, { a: 1, b: 2 }), 3);
  },

  "every JSON value can be asked and answered": async (context) => {
    const name = context.name("echo");
    await provider(context, name, (data, response) => response.send(data));
    const caller = await context.login();
    for (const value of ["text", "", 0, -1.5, true, false, null, [], [1, [null]], {}, { a: { b: 1 } }, "ü\u0000"]) {
      assert.deepEqual(await make(context, caller, name, value), value);
    }
  },

  "question and answer may be missing": async (context) => {
    const name = context.name("nothing");
    const asked = [];
    await provider(context, name, (data, response) => {
      asked.push(data);
      response.send(undefined);
    });
    const caller = await context.login();
    assert.equal(await make(context, caller, name, undefined), undefined);
    assert.deepEqual(asked, [undefined]);
  },

  "make takes a callback": async (context) => {
    const name = context.name("callback");
    await provider(context, name, (data, response) => response.send(data * 2));
    const caller = await context.login();
    const outcome = new Promise((resolve) => caller.rpc.make(name, 4, (error, result) => resolve([error, result])));
    assert.deepEqual(await context.settled(outcome, "the answer"), [null, 8]);
  },

  "an answer may take a while": async (context) => {
    const name = context.name("later");
    let answer;
    await provider(context, name, (data, response) => { answer = () => response.send("late"); });
    const caller = await context.login();
    const outcome = make(context, caller, name, null);
    await context.until(() => answer, "the call");
    answer();
    assert.equal(await outcome, "late");
  },

  "a client can call itself": async (context) => {
    const name = context.name("self");
    const client = await provider(context, name, (data, response) => response.send(`own ${data}`));
    assert.equal(await make(context, client, name, 1), "own 1");
    assert.deepEqual(client.rpc.providerNames(), [name]);
  },

  "the caller gets an error": async (context) => {
    const name = context.name("error");
    await provider(context, name, (data, response) => response.error("sold out"));
    const caller = await context.login();
    await fails(context, caller, name, "sold out");
  },

  "an error may be any value": async (context) => {
    const name = context.name("error");
    await provider(context, name, (data, response) => response.error({ code: 7 }));
    const caller = await context.login();
    await fails(context, caller, name, { code: 7 });
  },

  "without a provider there is an error": async (context) => {
    const caller = await context.login();
    await fails(context, caller, context.name("nobody"), "NO_RPC_PROVIDER");
  },

  "a rejected call without another provider is an error": async (context) => {
    const name = context.name("reject");
    await provider(context, name, (data, response) => response.reject());
    const caller = await context.login();
    await fails(context, caller, name, "NO_RPC_PROVIDER");
  },

  "a rejected call goes to another provider": async (context) => {
    const name = context.name("reroute");
    let rejections = 0;
    for (let n = 0; n < 3; n++) {
      await provider(context, name, (data, response) => {
        rejections++;
        response.reject();
      });
    }
    await provider(context, name, (data, response) => response.send("here"));
    const caller = await context.login();
    for (let n = 0; n < 20; n++) assert.equal(await make(context, caller, name, n), "here");
    assert.ok(rejections > 0);
  },

  "all reject": async (context) => {
    const name = context.name("all-reject");
    const asked = [0, 0];
    for (const index of asked.keys()) {
      await provider(context, name, (data, response) => {
        asked[index]++;
        response.reject();
      });
    }
    await fails(context, await context.login(), name, "NO_RPC_PROVIDER");
    assert.deepEqual(asked, [1, 1]);
  },

  "unprovide ends it": async (context) => {
    const name = context.name("unprovide");
    const client = await provider(context, name, (data, response) => response.send(1));
    const caller = await context.login();
    assert.equal(await make(context, caller, name, null), 1);
    client.rpc.unprovide(name);
    await context.reached(client);
    await fails(context, caller, name, "NO_RPC_PROVIDER");
    assert.deepEqual(client.rpc.providerNames(), []);
    await provider(context, name, (data, response) => response.send(2), client);
    assert.equal(await make(context, caller, name, null), 2);
  },

  "a name has one provider in a client": async (context) => {
    const name = context.name("one");
    const client = await provider(context, name, (data, response) => response.send(1));
    assert.throws(() => client.rpc.provide(name, () => {}), /already registered/);
  },

  "calls are spread over providers": async (context) => {
    const name = context.name("spread");
    const counts = [0, 0, 0];
    for (const index of counts.keys()) {
      await provider(context, name, (data, response) => {
        counts[index]++;
        response.send(index);
      });
    }
    const caller = await context.login();
    for (let n = 0; n < 150; n++) await make(context, caller, name, n);
    assert.equal(counts[0] + counts[1] + counts[2], 150);
    assert.ok(counts.every((count) => count > 0));
  },

  "many calls at once": async (context) => {
    const name = context.name("many");
    await provider(context, name, (data, response) => setImmediate(() => response.send(data)));
    const caller = await context.login();
    const all = Array.from({ length: 500 }, (_, n) => caller.rpc.make(name, n));
    assert.deepEqual(await context.settled(Promise.all(all), "500 answers"), all.map((_, n) => n));
  },

  "names may have any characters": async (context) => {
    const client = await context.login();
    const caller = await context.login();
    for (const base of ["a b", "ü/名", "/x", "x/", "*", "**", "$sys/x", "?#%&", "😀"]) {
      const name = base + context.name("");
      await provider(context, name, (data, response) => response.send(name), client);
      assert.equal(await make(context, caller, name, null), name);
    }
  },

  "the provider is notified of a second acceptance": async (context) => {
    const name = context.name("accept");
    const raw = await rawProvider(context, name);
    const caller = await context.login();
    const outcome = make(context, caller, name, 1);
    const { correlationId } = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    const accept = { topic: TOPIC.RPC, action: RPC_ACTION.ACCEPT, name, correlationId };
    raw.send(accept);
    raw.send(accept);
    await raw.nextOf({ action: RPC_ACTION.MULTIPLE_ACCEPT, correlationId });
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId, data: "1" });
    assert.equal(await outcome, 1);
  },

  "an answer to nothing is an error": async (context) => {
    const name = context.name("late");
    const raw = await rawProvider(context, name);
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId: "never", data: "1" });
    const error = await raw.nextOf({ action: RPC_ACTION.INVALID_RPC_CORRELATION_ID });
    assert.equal(error.originalAction, RPC_ACTION.RESPONSE);
    assert.equal(error.isError, true);
  },

  "only the provider that was asked can answer": async (context) => {
    const name = context.name("forged");
    const raw = await rawProvider(context, name);
    const forger = await context.raw();
    const caller = await context.login();
    const outcome = make(context, caller, name, 1);
    const { correlationId } = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    forger.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId, data: '"forged"' });
    if (context.differs("answer-only-from-who-was-asked")) {
      await forger.nextOf({ action: RPC_ACTION.INVALID_RPC_CORRELATION_ID });
      raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId, data: '"true"' });
      assert.equal(await outcome, "true");
    } else {
      assert.equal(await outcome, "forged");
    }
  },

  "requestors are not named unless the server is configured to name them": async (context) => {
    const name = context.name("requestor");
    const requestors = [];
    await provider(context, name, (data, response, requestor) => {
      requestors.push(requestor);
      response.send(1);
    });
    await make(context, await context.login({ username: "mel" }), name, null);
    assert.equal(requestors[0]?.requestorName, undefined);
  },
};

const hastyAcceptance = {
  "a provider that does not accept in time": async (context) => {
    const name = context.name("silent");
    const raw = await rawProvider(context, name);
    const caller = await context.login();
    await fails(context, caller, name, "ACCEPT_TIMEOUT");
    const { correlationId } = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId, data: "1" });
    await raw.nextOf({ action: RPC_ACTION.INVALID_RPC_CORRELATION_ID, correlationId });
  },
};

const hastyAnswer = {
  "a provider that accepts and does not answer in time": async (context) => {
    const name = context.name("slow");
    await provider(context, name, (data, response) => response.accept());
    await fails(context, await context.login(), name, "RESPONSE_TIMEOUT");
  },
};

// Upstream ends each of these calls by one of the two time limits.
const death = {
  "the death of a provider is noticed": async (context) => {
    const name = context.name("dead");
    const raw = await rawProvider(context, name);
    const caller = await context.login();
    const outcome = make(context, caller, name, 1);
    outcome.catch(() => {});
    const { correlationId } = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.ACCEPT, name, correlationId });
    await raw.untilAnswered();
    await raw.close();
    const reason = context.differs("dead-provider-is-noticed") ? "NO_RPC_PROVIDER" : "RESPONSE_TIMEOUT";
    await assert.rejects(outcome, (error) => error === reason);
  },
};

const deathBeforeAcceptance = {
  "a call that was not accepted yet goes to another provider": async (context) => {
    const name = context.name("rerouted");
    const raw = await rawProvider(context, name);
    const caller = await context.login();
    const outcome = make(context, caller, name, 1);
    outcome.catch(() => {});
    await raw.nextOf({ action: RPC_ACTION.REQUEST });
    await provider(context, name, (data, response) => response.send("the other one"));
    await raw.close();
    if (context.differs("dead-provider-is-noticed")) assert.equal(await outcome, "the other one");
    else await assert.rejects(outcome, (error) => error === "ACCEPT_TIMEOUT");
  },
};

const departure = {
  "a caller that leaves affects no other client": async (context) => {
    const name = context.name("caller");
    const raw = await rawProvider(context, name);
    const caller = await context.raw();
    caller.send({ topic: TOPIC.RPC, action: RPC_ACTION.REQUEST, name, correlationId: context.name("id"), data: "1" });
    const { correlationId } = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    await caller.close();
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId, data: "1" });
    await raw.untilAnswered();
    const second = make(context, await context.login(), name, 2);
    const request = await raw.nextOf({ action: RPC_ACTION.REQUEST });
    raw.send({ topic: TOPIC.RPC, action: RPC_ACTION.RESPONSE, name, correlationId: request.correlationId, data: "2" });
    assert.equal(await second, 2);
  },
};

const withRequestors = {
  "providers get the name of the requestor": async (context) => {
    const name = context.name("requestor");
    const requestors = [];
    await provider(context, name, (data, response, requestor) => {
      requestors.push(requestor);
      response.send(1);
    });
    const caller = await context.login({ username: "mel", password: "secret" });
    await make(context, caller, name, null);
    assert.equal(requestors[0].requestorName, "mel");
    assert.deepEqual(requestors[0].requestorData, { role: "box office" });
  },
};

module.exports.groups = [
  { tests: { ...ordinary, ...departure } },
  { wishes: { rpc_ack_timeout_ms: 200 }, tests: hastyAcceptance },
  { wishes: { rpc_response_timeout_ms: 200 }, tests: hastyAnswer },
  { only: "ringside", tests: { ...death, ...deathBeforeAcceptance } },
  { only: "upstream", wishes: { rpc_response_timeout_ms: 200 }, tests: death },
  { only: "upstream", wishes: { rpc_ack_timeout_ms: 200 }, tests: deathBeforeAcceptance },
  {
    wishes: {
      provide_requestor_name: true,
      provide_requestor_data: true,
      auth: [
        { type: "file", users: { mel: { password: "secret", clientData: { role: "box office" } } } },
        { type: "open" },
      ],
    },
    tests: withRequestors,
  },
];
