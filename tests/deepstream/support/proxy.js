"use strict";
// A relay in front of the server that can interrupt and restore the network, or hold what the
// server sends.

const net = require("node:net");

class Proxy {
  static start(url) {
    const proxy = new Proxy();
    proxy.upstreamPort = Number(new URL(url).port);
    proxy.pairs = new Set();
    proxy.isDown = false;
    proxy.isHeld = false;
    proxy.accepted = 0;
    proxy.server = net.createServer((socket) => proxy.accept(socket));
    return new Promise((resolve, reject) => {
      proxy.server.once("error", reject);
      proxy.server.listen(0, "127.0.0.1", () => {
        proxy.url = `ws://127.0.0.1:${proxy.server.address().port}${new URL(url).pathname}`;
        resolve(proxy);
      });
    });
  }

  accept(socket) {
    if (this.isDown) {
      socket.destroy();
      return;
    }
    this.accepted++;
    const onward = net.connect(this.upstreamPort, "127.0.0.1");
    const pair = [socket, onward];
    this.pairs.add(pair);
    const end = () => {
      pair.forEach((side) => side.destroy());
      this.pairs.delete(pair);
    };
    for (const side of pair) side.on("error", end).on("close", end);
    socket.pipe(onward);
    if (!this.isHeld) onward.pipe(socket);
  }

  // Holds everything that the server sends until `release`.
  hold() {
    this.isHeld = true;
    for (const [socket, onward] of this.pairs) onward.unpipe(socket);
  }

  release() {
    this.isHeld = false;
    for (const [socket, onward] of this.pairs) onward.pipe(socket);
  }

  cut() {
    this.isDown = true;
    for (const pair of this.pairs) pair.forEach((side) => side.destroy());
  }

  mend() { this.isDown = false; }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

module.exports = { Proxy };
