// The gateway in the hands of an acceptance test: in this process on a free port, its data in a folder of its own, its log kept.
// What is asked of it is in `gateway-client.ts`; the vendors it may be given are in `vendors.ts`.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { stringify } from "yaml";
import type { Clock } from "../../src/domain/clock.ts";
import { readConfig } from "../../src/server/config.ts";
import { startGateway, type Gateway, type GatewayTools } from "../../src/server/gateway.ts";
import { expectVerified } from "./verified.ts";

/** A provider as `syncgraph.yaml` names it. */
export interface ProviderEntry {
  readonly key: string;
  readonly kind: string;
  readonly baseUrl: string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly allowPrivateAddress?: boolean;
  readonly poll?: Readonly<Record<string, number>>;
  readonly rateLimit?: { readonly requests: number; readonly perMs: number };
  readonly webhookSecret?: string;
}

export interface TestGateway extends AsyncDisposable {
  /** Where GraphQL is, over HTTP. */
  readonly url: string;
  /** Everything it logged, as it was written. */
  log(): string;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  /** Written to a YAML file; left out, the gateway runs on its own sandboxes. */
  readonly providers?: readonly ProviderEntry[];
  /** Default: an SQLite file that goes with the gateway. */
  readonly databaseUrl?: string;
  /** Default: none. */
  readonly redisUrl?: string;
  readonly sandboxSpeed?: number;
  /** Left out, everything is kept. */
  readonly retentionDays?: number;
  /** Variables that have no option of their own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** What stands between tracking and its ports. Default: nothing. */
  readonly around?: NonNullable<GatewayTools["around"]>;
}

/** A gateway as `npm start` makes it, apart from the port. It must be closed: a test file that shares one does so in `afterAll`. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await makeFolder();
  const lines: string[] = [];
  let gateway: Gateway;
  try {
    const environment = await environmentOf(folder.path, options);
    const { clock, around } = options;
    gateway = await startGateway(readConfig(environment), {
      log: pino({ level: "trace" }, collector(lines)),
      ...(clock === undefined ? {} : { clock }),
      ...(around === undefined ? {} : { around }),
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
  const end = async (): Promise<void> => {
    try {
      await gateway.close();
      // A database of the test's own may be another gateway's too, or go with the test: here is the last moment to look at it.
      if (options.databaseUrl !== undefined) await expectVerified(options.databaseUrl);
    } finally {
      await folder.remove();
    }
  };
  let ended: Promise<void> | null = null;
  const close = (): Promise<void> => (ended ??= end());
  return { url: gateway.url, log: () => lines.join(""), close, [Symbol.asyncDispose]: close };
}

/** The environment variables of such a gateway, for one that runs as a process of its own too. */
export async function environmentOf(folder: string, options: TestGatewayOptions): Promise<Record<string, string>> {
  const { providers, databaseUrl = `sqlite:${join(folder, "data", "gateway.sqlite")}`, sandboxSpeed = 20 } = options;
  const shared = {
    PORT: "0",
    DATABASE_URL: databaseUrl,
    SYNCGRAPH_SANDBOX_SPEED: String(sandboxSpeed),
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ...(options.retentionDays === undefined ? {} : { SYNCGRAPH_RETENTION_DAYS: String(options.retentionDays) }),
    ...options.environment,
  };
  if (providers === undefined) return shared;
  const file = join(folder, "syncgraph.yaml");
  await writeFile(file, stringify({ providers }));
  return { ...shared, SYNCGRAPH_CONFIG: file };
}

export interface TemporaryFolder {
  readonly path: string;
  /** Fails, after it is gone, when a gateway left a store in it with something wrong. */
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "syncgraph-acceptance-"));
  const end = async (): Promise<void> => {
    try {
      await verifyStoresIn(path);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  };
  let ended: Promise<void> | null = null;
  return { path, remove: () => (ended ??= end()) };
}

/** Whatever the test did, and however its gateways ended: what they wrote must be right. */
async function verifyStoresIn(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((one) => one.endsWith(".sqlite")))
    await expectVerified(`sqlite:${join(folder, name)}`);
}

function collector(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
}
