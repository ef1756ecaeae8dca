// A client of the gateway as any user could write it: GraphQL by fetch, and transitions by a plain graphql-ws client.
import { createClient, type Client } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import { GENEROUS_MS, factsOf, within } from "./eventually.ts";

export interface Failure {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export interface Answer<Data> {
  readonly data: Data;
  readonly errors: readonly Failure[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const failureShape = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
});
const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z.array(failureShape).default([]),
  extensions: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Sends an operation and checks the shape of its data.
 *
 * @throws Error when the answer is no GraphQL answer or its data has another shape
 */
export async function ask<Shape extends z.ZodType>(
  url: string,
  shape: Shape,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer<z.output<Shape>>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(GENEROUS_MS),
  });
  const { data, errors, extensions } = answerShape.parse(await response.json());
  const parsed = shape.safeParse(data);
  if (parsed.success) return { data: parsed.data, errors, extensions };
  throw new Error(`unexpected data: ${parsed.error.message}\nerrors: ${JSON.stringify(errors)}`);
}

const transitionShape = z.object({
  cursor: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  outcome: z.string().nullable(),
  rawStatus: z.string().nullable(),
  inferred: z.boolean(),
  occurredAt: z.string(),
  sync: z.object({
    id: z.string(),
    remoteId: z.string(),
    origin: z.string(),
    models: z.array(z.string()),
    provider: z.object({ key: z.string() }),
    definition: z.object({ name: z.string() }).nullable(),
  }),
});
export type SeenTransition = z.output<typeof transitionShape>;

export interface Watch extends AsyncDisposable {
  /** Every transition that came in, in order of arrival. */
  readonly seen: readonly SeenTransition[];
  /** Resolves as soon as the look gives something; throws when the time is up or the subscription ends first. */
  until<T>(
    what: string,
    look: (seen: readonly SeenTransition[]) => T | null | undefined,
    withinMs?: number,
  ): Promise<T>;
  /** How the subscription ended: null by completion, else what graphql-ws reports (a close event, or errors). */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly filter?: Readonly<Record<string, unknown>>;
  /** Cursor to go on from. Left out, only what is committed after the subscription has begun is seen. */
  readonly after?: string;
}

const WATCHED = `subscription ($filter: SyncFilter, $after: String) {
  syncStatusChanged(filter: $filter, after: $after) {
    cursor from to outcome rawStatus inferred occurredAt
    sync { id remoteId origin models provider { key } definition { name } }
  }
}`;

/** Subscribes to transitions. No reconnects: a socket that breaks ends the watch. */
export function watchTransitions(url: string, { filter, after }: WatchOptions = {}): Watch {
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
  });
  const seen: SeenTransition[] = [];
  const looks = new Set<() => void>();
  const ended = subscribe(client, { filter, after }, (transition) => {
    seen.push(transition);
    for (const look of looks) look();
  });
  const close = async (): Promise<void> => {
    await client.dispose();
    await ended;
  };
  return {
    seen,
    ended,
    close,
    [Symbol.asyncDispose]: close,
    until: async (what, look, withinMs = GENEROUS_MS) => {
      const found = new Promise<NonNullable<ReturnType<typeof look>>>((resolve, reject) => {
        const again = (): void => {
          try {
            const result = look(seen);
            if (result !== null && result !== undefined) resolve(result);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(factsOf(error)));
          }
        };
        looks.add(again);
        void ended.then((how) => reject(new Error(`the subscription ended before ${what}: ${factsOf(how)}`)));
        again();
      });
      return within(what, found, withinMs);
    },
  };
}

/** The newest cursor: a watch `after` it sees everything from now on, whenever the server takes it up. */
export async function newestCursor(url: string): Promise<string> {
  const { data } = await ask(url, z.object({ viewer: z.object({ cursor: z.string() }) }), "{ viewer { cursor } }");
  return data.viewer.cursor;
}

function subscribe(
  client: Client,
  variables: Record<string, unknown>,
  push: (transition: SeenTransition) => void,
): Promise<unknown> {
  return new Promise((resolve) => {
    client.subscribe(
      { query: WATCHED, variables },
      {
        next: ({ data, errors }) => {
          const parsed = z.object({ syncStatusChanged: transitionShape }).safeParse(data);
          if (parsed.success) push(parsed.data.syncStatusChanged);
          else resolve({ errors, problem: parsed.error.message });
        },
        error: (error) => resolve(error),
        complete: () => resolve(null),
      },
    );
  });
}
