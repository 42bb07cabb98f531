// Sends with @fluent-org/logger what standard input says: {"port":1,"mode":"Forward","ack":true,"key":"","hex":["00ff"]}
"use strict";
const { FluentClient } = require("@fluent-org/logger");

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const logger = new FluentClient("pydata", {
  eventMode: given.mode,
  socket: { host: "127.0.0.1", port: given.port, timeout: 5000, disableReconnect: true },
  ...(given.ack ? { ack: { ackTimeout: 10000 } } : {}),
  ...(given.key ? {
    security: { clientHostname: "the-test", sharedKey: given.key, username: given.user, password: given.password },
  } : {}),
  ...(given.mode === "Message" ? {} : { flushInterval: 20 }),
});

// The package's sockets do not keep node running.
setTimeout(() => {
  console.error("no answer");
  process.exit(2);
}, given.patience || 15000);

async function main() {
  await logger.connect();
  const promises = given.hex.map((text) => logger.emit({ message: Buffer.from(text, "hex") }));
  await Promise.all(promises);
  await logger.shutdown();
}

main().then(() => process.exit(0), (error) => {
  console.error(String(error));
  process.exit(1);
});
