"use strict";
// Waits for what another process does: for a condition, never for a time.

// Reached only by a test that fails.
const patienceMs = 120000;
const pauseMs = 2;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const inVain = (what) => new Error(`waited in vain for ${typeof what === "function" ? what() : what}`);

// Resolves to the first truthy value of `condition`; `what` describes it for a failure.
async function until(condition, what) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw inVain(what);
    await pause(pauseMs);
  }
}

// The outcome of a promise that must settle eventually.
function settled(promise, what) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(inVain(what)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

module.exports = { until, settled, pause };
