"use strict";

const assert = require("node:assert/strict");

const user = (context, base) => `${base}-${context.prefix}`;

// Returns presence messages: [user, whether the user is present].
function watched(client, ...who) {
  const changes = [];
  client.presence.subscribe(...who, (name, isThere) => changes.push([name, isThere]));
  return changes;
}

const getAll = (context, client, ...names) => context.settled(client.presence.getAll(...names), "who is there");

module.exports.tests = {
  "getAll lists present users without the requesting one": async (context) => {
    const [ann, bob] = [user(context, "ann"), user(context, "bob")];
    const asker = await context.login({ username: ann });
    await context.login({ username: bob });
    await context.until(async () => (await getAll(context, asker)).includes(bob), "the other user");
    assert.ok(!(await getAll(context, asker)).includes(ann));
  },

  "getAll takes a callback": async (context) => {
    const asker = await context.login({ username: user(context, "ann") });
    const outcome = new Promise((resolve) => asker.presence.getAll((error, users) => resolve([error, users])));
    const [error, users] = await context.settled(outcome, "who is there");
    assert.equal(error, null);
    assert.ok(Array.isArray(users));
  },

  "getAll of some users reports which of them are present": async (context) => {
    const [ann, bob, eve] = ["ann", "bob", "eve"].map((base) => user(context, base));
    const asker = await context.login({ username: ann });
    const other = await context.login({ username: bob });
    await context.until(async () => (await getAll(context, asker, [bob]))[bob], "the other user");
    assert.deepEqual(await getAll(context, asker, [bob, eve]), { [bob]: true, [eve]: false });
    await context.close(other);
    await context.until(async () => !(await getAll(context, asker, [bob]))[bob], "the other user's end");
    assert.deepEqual(await getAll(context, asker, [bob, eve]), { [bob]: false, [eve]: false });
  },

  "many questions at once": async (context) => {
    const [ann, bob] = [user(context, "ann"), user(context, "bob")];
    const asker = await context.login({ username: ann });
    await context.until(async () => (await getAll(context, asker, [ann]))[ann], "the asker");
    const answers = await context.settled(Promise.all(Array.from({ length: 20 }, (_, n) =>
      asker.presence.getAll([n % 2 ? ann : bob]))), "20 answers");
    answers.forEach((answer, n) => assert.deepEqual(answer, n % 2 ? { [ann]: true } : { [bob]: false }));
  },

  "arrivals and departures of all users": async (context) => {
    const watcher = await context.login({ username: user(context, "ann") });
    const changes = watched(watcher);
    await context.reached(watcher);
    const bob = user(context, "bob");
    const client = await context.login({ username: bob });
    await context.until(() => changes.some(([name]) => name === bob), "the coming");
    await context.close(client);
    await context.until(() => changes.filter(([name]) => name === bob).length === 2, "the going");
    assert.deepEqual(changes.filter(([name]) => name === bob), [[bob, true], [bob, false]]);
  },

  "one user's comings and goings": async (context) => {
    const watcher = await context.login({ username: user(context, "ann") });
    const [bob, eve] = [user(context, "bob"), user(context, "eve")];
    const changes = watched(watcher, bob);
    await context.reached(watcher);
    await context.login({ username: eve });
    const client = await context.login({ username: bob });
    await context.until(() => changes.length === 1, "the coming");
    await context.close(client);
    await context.until(() => changes.length === 2, "the going");
    assert.deepEqual(changes, [[bob, true], [bob, false]]);
  },

  "a user with several connections arrives and leaves once": async (context) => {
    const watcher = await context.login({ username: user(context, "ann") });
    const bob = user(context, "bob");
    const changes = watched(watcher, bob);
    await context.reached(watcher);
    const first = await context.login({ username: bob });
    const second = await context.login({ username: bob });
    await context.until(() => changes.length === 1, "the coming");
    await context.close(first);
    // The presence of a user can also be queried.
    assert.deepEqual(await getAll(context, watcher, [bob]), { [bob]: true });
    await context.close(second);
    await context.until(() => changes.length === 2, "the going");
    assert.deepEqual(changes, [[bob, true], [bob, false]]);
  },

  "a client that has unsubscribed is not notified": async (context) => {
    const watcher = await context.login({ username: user(context, "ann") });
    const [bob, eve] = [user(context, "bob"), user(context, "eve")];
    const gone = watched(watcher, bob);
    const stays = watched(watcher, eve);
    await context.reached(watcher);
    watcher.presence.unsubscribe(bob);
    await context.reached(watcher);
    await context.login({ username: bob });
    await context.until(async () => (await getAll(context, watcher, [bob]))[bob], "the one");
    await context.login({ username: eve });
    await context.until(() => stays.length === 1, "the other");
    assert.deepEqual(gone, []);
  },

  "a client that has unsubscribed from all users is not notified": async (context) => {
    const watcher = await context.login({ username: user(context, "ann") });
    const gone = [];
    const subscriber = (name) => gone.push(name);
    watcher.presence.subscribe(subscriber);
    const eve = user(context, "eve");
    const stays = watched(watcher, eve);
    await context.reached(watcher);
    watcher.presence.unsubscribe(subscriber);
    await context.reached(watcher);
    await context.login({ username: eve });
    await context.until(() => stays.length === 1, "the other");
    assert.ok(!gone.includes(eve));
  },

  "a user may have any name": async (context) => {
    const asker = await context.login({ username: user(context, "ann") });
    for (const base of ["a b", "ü/名", "*", "**", "$sys", "?#%", "a.b", "😀"]) {
      const name = user(context, base);
      const changes = watched(asker, name);
      await context.reached(asker);
      const client = await context.login({ username: name });
      await context.until(() => changes.length === 1, `${name} to come`);
      assert.deepEqual(await getAll(context, asker, [name]), { [name]: true });
      await context.close(client);
      await context.until(() => changes.length === 2, `${name} to go`);
    }
  },
};
