// The process behind `arrival-counter.ts`: passes requests on to a vendor and remembers when each arrived, by a clock that only runs on.
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";

const target = new URL(process.argv[2] ?? "");
const arrivals: number[] = [];

const server = createServer((incoming, answer) => {
  arrivals.push(performance.now());
  const { method, url = "/", headers } = incoming;
  const passed = forward({ host: target.hostname, port: target.port, method, path: url, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  // A vendor that cannot be reached is one whose connections break.
  passed.on("error", () => answer.destroy());
  incoming.pipe(passed);
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on("message", () => process.send?.({ arrivals }));
// Whoever started it is gone.
process.on("disconnect", () => process.exit());
