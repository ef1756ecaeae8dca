// What a soak takes place in: vendors that outlive the gateways, a database, a Redis of its own, and gateways as processes.
import { databases } from "../databases.ts";
import { eventually } from "../eventually.ts";
import { environmentOf, makeFolder } from "../gateway.ts";
import type { Effect } from "../history/ground-truth.ts";
import { startRedisServer, type RedisServer } from "../redis.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type StartAnswer, type Vendor } from "../vendors.ts";
import { startNode, type Node } from "./node.ts";
import { SANDBOX_SPEED, type SoakSettings } from "./settings.ts";

export interface SoakWorld {
  readonly databaseUrl: string;
  readonly nodes: readonly Node[];
  readonly recorders: readonly Recorder[];
  /** Null for a gateway that is alone. */
  readonly redis: RedisServer | null;
  /** Addresses of the gateways that are up, hanging ones too. Never changes while none is killed or started. */
  urls(): readonly string[];
  /** Resolves when every gateway says that it is ready. */
  untilWell(): Promise<void>;
  /** What the vendors say they have begun. */
  effects(): readonly Effect[];
  /** Ends everything. The database goes last, so that it can be looked at before. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const READY_ANSWER_MS = 2_000;

export async function makeSoakWorld({ database, nodes: count, seed }: SoakSettings): Promise<SoakWorld> {
  const left: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of left.splice(0).toReversed()) await end();
  };
  try {
    const { url: databaseUrl, drop } = await databases[database].create();
    left.push(drop);
    const folder = await makeFolder();
    left.push(() => folder.remove());
    const redis = database === "postgres" ? await startRedisServer() : null;
    if (redis !== null) left.push(async () => redis[Symbol.asyncDispose]());
    const recorders = await startVendors(left);
    const providers = recorders.map(({ entry }) => entry);
    const environment = {
      ...(await environmentOf(folder.path, { providers, databaseUrl })),
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
      LOG_LEVEL: "warn",
    };
    const nodes: Node[] = [];
    for (let index = 0; index < count; index += 1) {
      const node = startNode(`node ${index + 1}`, folder.path, environment);
      left.push(() => node.close());
      nodes.push(node);
      await node.untilUp();
    }
    return {
      ...{ databaseUrl, nodes, recorders, redis, close },
      urls: () => nodes.flatMap((node) => node.url() ?? []),
      untilWell: async () => {
        for (const node of nodes) await eventually(`${node.name} is ready`, () => isReady(node), READY_WITHIN_MS);
      },
      effects: () =>
        recorders.flatMap(({ entry, startAnswers }) => startAnswers.flatMap((one) => effectOf(entry.kind, one))),
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function startVendors(ends: (() => Promise<unknown>)[]): Promise<readonly Recorder[]> {
    const recorders: Recorder[] = [];
    for (const kind of VENDORS) {
      const vendor = await startVendor(kind, SANDBOX_SPEED, seed);
      ends.push(() => vendor.stop());
      const recorder = await recordRequests(vendor);
      ends.push(() => recorder.close());
      recorders.push(recorder);
    }
    return recorders;
  }
}

async function isReady(node: Node): Promise<true | null> {
  const url = node.url();
  if (url === null) return null;
  const signal = AbortSignal.timeout(READY_ANSWER_MS);
  const answer = await fetch(new URL("/readyz", url), { signal }).catch(() => null);
  return answer?.status === 200 ? true : null;
}

/** Where each vendor's answer to a start says which runs it began. */
const RUNS_BEGUN: Readonly<Record<Vendor, (body: unknown) => readonly unknown[]>> = {
  // The vendor's two documents name the id differently, and the sandbox answers now as the one, now as the other.
  rootfi: (body) => [memberOf(memberOf(body, "data"), "sync_id") ?? memberOf(memberOf(body, "data"), "id")],
  stuut: (body) => (Array.isArray(body) ? body.map((one) => memberOf(one, "id")) : []),
  polytomic: (body) => [memberOf(memberOf(body, "data"), "id")],
  truto: (body) => [memberOf(body, "id")],
};

function effectOf(kind: string, { status, body, heard }: StartAnswer): readonly Effect[] {
  const vendor = VENDORS.find((one) => one === kind);
  if (vendor === undefined || status >= 300) return [];
  const begun = RUNS_BEGUN[vendor](JSON.parse(body));
  const runs = begun.filter((id): id is string => typeof id === "string");
  if (runs.length < begun.length) throw new Error(`${kind} began a run and does not name it: ${body}`);
  // Stuut shows the newest sync of each model alone: one that nobody was told of may be replaced before anybody looks.
  return runs.length === 0 ? [] : [{ provider: kind, runs, findable: heard || vendor !== "stuut" }];
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
