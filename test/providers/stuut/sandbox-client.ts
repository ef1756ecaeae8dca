// A raw client of the Stuut sandbox for its tests: one server a test, every answer checked against the published contract.
import { expect } from "vitest";
import { z } from "zod";
import type { SandboxServer } from "../../../src/domain/sandbox-port.ts";
import { startSandbox } from "../../../src/providers/stuut/sandbox.ts";
import { GENEROUS_MS, eventually as untilSeen } from "../../support/eventually.ts";
import { loadOpenApi, openApiAvailable } from "../../support/openapi.ts";

export const FAST = 50;
/** Slow enough that a busy machine still sees each status: each lasts 100 milliseconds at least. */
export const WATCHABLE = 10;
export const TOKEN = { authorization: "Bearer sandbox-stuut-token" };
export const contract = openApiAvailable() ? loadOpenApi("stuut-v2-integrations.assembled.openapi.json") : null;

export const LIST = "/v2/integrations/connections";
export const SYNC = "/v2/integrations/connections/{connection_id}/sync";

export const sync = z.looseObject({
  id: z.string(),
  status: z.string(),
  attempt: z.number(),
  batch_id: z.string().nullable(),
  error: z.string().nullable(),
  created_at: z.string(),
  modified_at: z.string().nullable(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  is_initial_sync: z.boolean(),
  is_one_off: z.boolean(),
  model_id: z.string(),
  timerange_start: z.string().nullable(),
});
export type Sync = z.output<typeof sync>;
const model = z.looseObject({ id: z.string(), next_sync_at: z.string().nullable(), last_sync: sync.nullable() });
const connections = z.array(z.looseObject({ id: z.string(), models: z.array(model) }));
export const detail = z.strictObject({ detail: z.string() });

export const servers: SandboxServer[] = [];

/** Closes what was started; for the end of every test. */
export async function closeAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

class Client {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async send(method: string, path: string, headers: Readonly<Record<string, string>> = TOKEN, id = ""): Promise<Reply> {
    const response = await fetch(`${this.#url}${path.replace("{connection_id}", encodeURIComponent(id))}`, {
      method,
      headers,
    });
    const body: unknown = await response.json();
    if (contract?.operations.includes(`${method} ${path}`) === true)
      contract.checkAnswer({ method, path, status: response.status, body });
    return { status: response.status, body, headers: response.headers };
  }

  start(id: string): Promise<Reply> {
    return this.send("POST", SYNC, TOKEN, id);
  }

  async started(id: string): Promise<readonly Sync[]> {
    return z.array(sync).parse((await this.start(id)).body);
  }

  async models(): Promise<ReadonlyMap<string, z.output<typeof model>>> {
    const all = connections.parse((await this.send("GET", LIST)).body);
    return new Map(all.flatMap((connection) => connection.models.map((one) => [one.id, one])));
  }

  async last(modelId: string): Promise<Sync> {
    return sync.parse((await this.models()).get(modelId)?.last_sync);
  }
}

export async function sandbox(speed = FAST, seed = 7): Promise<Client> {
  const server = await startSandbox({ port: 0, host: "127.0.0.1", speed, seed });
  servers.push(server);
  return new Client(server.url);
}

/** Looks often: what a fast sandbox shows is soon over. */
export const eventually = <Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> =>
  untilSeen(what, look, GENEROUS_MS, 10);

export const isOver = ({ status }: Sync): boolean => ["complete", "failed", "cancelled"].includes(status);

/** Every different sight of a model's sync until it is over, the start's answer first. */
export async function follow(client: Client, started: Sync): Promise<readonly Sync[]> {
  const seen = [started];
  await eventually(`the end of ${started.model_id}`, async () => {
    const now = await client.last(started.model_id);
    expect(now.id).toBe(started.id);
    if (now.status !== seen.at(-1)?.status) seen.push(now);
    return isOver(now) ? now : undefined;
  });
  return seen;
}

export const story = (seen: readonly Sync[]): readonly string[] =>
  seen.map(({ status, attempt }) => `${status} ${attempt}`);
