// Deals with every run's end, across restarts of this program and of gateways: `node examples/follow.mjs [url of a gateway ...]`.
// How far it has come stands in `follow.cursor`. Needs what `npm run build` makes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { followTransitions } from "syncgraph/client";
import { WebSocket } from "ws";

const KEPT = "follow.cursor";
const [first = "http://127.0.0.1:4000/graphql", ...others] = process.argv.slice(2);

const ends = followTransitions({
  url: [first, ...others],
  webSocketImpl: WebSocket,
  filter: { statuses: ["SUCCESS", "FAILED"] },
  ...(existsSync(KEPT) ? { after: readFileSync(KEPT, "utf8") } : {}),
  onState: ({ state, because = "" }) => console.error(state.toLowerCase(), because),
});

for await (const { cursor, transition } of ends) {
  const { sync, to, outcome } = transition;
  console.log(`${sync.provider.key} "${sync.definition?.name ?? sync.remoteId}": ${to} (${outcome})`);
  // After it was dealt with: what a crash cuts off in between comes again.
  writeFileSync(KEPT, cursor);
}
