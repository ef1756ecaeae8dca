// What a person sees on the terminal when the gateway is up.
import type { Gateway } from "./gateway.ts";

export function greeting({ url, port, providers }: Gateway): string {
  const sandboxes = providers.filter(({ sandbox }) => sandbox).map(({ key }) => key);
  const origin = new URL(url).origin;
  const query = "{ syncs(first: 5) { nodes { provider { key } status createdAt } } }";
  return [
    "",
    "syncgraph is up.",
    ...(sandboxes.length === 0
      ? []
      : [
          "",
          `  SANDBOX DATA: ${sandboxes.join(", ")} are simulated vendors on this machine.`,
          "  Nothing here is real. Name your own providers in a YAML file and set SYNCGRAPH_CONFIG to use them.",
        ]),
    "",
    `  GraphQL (HTTP)       ${url}`,
    `  GraphQL (WebSocket)  ${url.replace(/^http/, "ws")}`,
    `  Health               ${origin}/readyz`,
    "",
    "  Try it:",
    `  curl -s ${origin.replace(/:\d+$/, `:${port}`)}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`,
    "",
    "",
  ].join("\n");
}
