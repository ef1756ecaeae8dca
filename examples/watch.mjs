// Prints every status transition as it happens: `node examples/watch.mjs [url] [cursor to go on from]`.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url = "ws://127.0.0.1:4000/graphql", after = null] = process.argv.slice(2);
const client = createClient({ url, webSocketImpl: WebSocket });

const transitions = client.iterate({
  query: `subscription ($after: String) {
    syncStatusChanged(after: $after) {
      cursor
      from
      to
      outcome
      sync { remoteId provider { key } definition { name } }
    }
  }`,
  variables: { after },
});

console.log(`watching ${url}`);
for await (const { data, errors } of transitions) {
  if (errors) console.error(errors);
  if (!data) continue;
  const { from, to, outcome, sync, cursor } = data.syncStatusChanged;
  const what = `${sync.provider.key} "${sync.definition?.name ?? sync.remoteId}"`;
  console.log(`${what}: ${from ?? "-"} -> ${to}${outcome ? ` (${outcome})` : ""}  cursor ${cursor}`);
}
