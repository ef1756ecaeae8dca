// `syncProgressed` as any client gets it: over a WebSocket, by a plain graphql-ws client.
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import { within } from "../support/eventually.ts";

const LASTS_MS = 30_000;

/**
 * Follows a run until the gateway completes the subscription.
 *
 * @returns what came, in order of arrival, without what says the same as the one before
 * @throws Error when something of another shape or an error came, or no end did
 */
export async function progressOf<Shape extends z.ZodType>(
  url: string,
  syncId: string,
  shape: Shape,
  fields: string,
): Promise<readonly z.output<Shape>[]> {
  const client = createClient({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
  const event = z.object({ data: z.object({ syncProgressed: z.unknown() }), errors: z.undefined().optional() });
  const query = `subscription ($id: ID!) { syncProgressed(id: $id) { ${fields} } }`;
  const toTheEnd = async (): Promise<readonly z.output<Shape>[]> => {
    const seen: z.output<Shape>[] = [];
    for await (const result of client.iterate({ query, variables: { id: syncId } })) {
      const run = shape.parse(event.parse(result).data.syncProgressed);
      if (JSON.stringify(run) !== JSON.stringify(seen.at(-1))) seen.push(run);
    }
    return seen;
  };
  try {
    return await within(`the end of ${syncId} by syncProgressed`, toTheEnd(), LASTS_MS);
  } finally {
    await client.dispose();
  }
}
