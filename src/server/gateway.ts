// The composition root: makes every part from a configuration and wires them up.
import "reflect-metadata";
import { createServer } from "node:http";
import { hostname } from "node:os";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import { createContext, type GatewayPorts, type ViewerIdentity } from "../graphql/context.ts";
import { RAW_SCOPE } from "../graphql/resolvers/sync-edges.ts";
import { buildGatewaySchema } from "../graphql/schema.ts";
import { openStore } from "../store/open-store.ts";
import { createProviderDirectory } from "../tracking/provider-directory.ts";
import { createTracker } from "../tracking/tracker.ts";
import { systemClock } from "../wire/system-clock.ts";
import type { GatewayConfig } from "./config.ts";
import { createGraphqlHttp } from "./graphql-http.ts";
import { createGraphqlWs } from "./graphql-ws.ts";
import { createInProcessBus } from "./in-process-bus.ts";
import { createInProcessQueue } from "./in-process-queue.ts";
import { createProgressFeed } from "./progress-feed.ts";
import { createProviders } from "./providers.ts";
import { GRAPHQL_PATH, createRoutes } from "./routes.ts";
import { sandboxConfig, startSandboxes } from "./sandboxes.ts";
import { cannotListen, cannotOpenDatabase } from "./start-error.ts";
import { createTransitionFeed } from "./transition-feed.ts";
import { createWebhooksRoute } from "./webhooks-route.ts";

export interface Gateway {
  /** Where GraphQL is, over HTTP. */
  readonly url: string;
  readonly port: number;
  /** Keys of the providers, and of those that are sandboxes. */
  readonly providers: readonly { readonly key: string; readonly kind: string; readonly sandbox: boolean }[];
  /** Stops taking requests, finishes what runs, frees everything. */
  close(): Promise<void>;
}

/** Fixed, so that the sandboxes' accounts and definitions are the same ones after a restart. */
const SANDBOX_SEED = 1;
/** The one tenant of a gateway without tenants configured. */
const LOCAL_TENANT = "local";
const LOCAL_OWNER: ViewerIdentity = {
  tenantId: LOCAL_TENANT,
  name: "local owner",
  scopes: ["syncs:read", "syncs:trigger", "syncs:cancel", RAW_SCOPE],
};

/**
 * @throws ConfigError when a provider's settings are wrong
 * @throws StartError when the database cannot be opened or the port cannot be used
 */
export async function startGateway(config: GatewayConfig, log: Logger, clock: Clock = systemClock): Promise<Gateway> {
  const opened: (() => Promise<void> | void)[] = [];
  // Freed in reverse: what was made last uses what was made first.
  const close = async () => {
    for (const free of opened.splice(0).reverse()) await free();
  };
  try {
    return await assemble(config, log, clock, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  config: GatewayConfig,
  log: Logger,
  clock: Clock,
  opened: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<Gateway> {
  const sandboxes = config.sandbox ? await startSandboxes({ speed: config.sandboxSpeed, seed: SANDBOX_SEED }) : [];
  opened.push(
    ...sandboxes.map(
      ({ server }) =>
        () =>
          server.close(),
    ),
  );
  const taken = new Set(config.providers.map(({ key }) => key));
  const providers = await createProviders(
    [
      ...config.providers.map((one) => ({ config: one, sandbox: false })),
      ...sandboxes.map((one) => ({ config: sandboxConfig(one, taken), sandbox: true })),
    ],
    clock,
  );
  opened.push(async () => void (await Promise.all(providers.map(({ provider }) => provider.close()))));

  const store = await openStore(config.databaseUrl).catch((error: unknown) => {
    throw cannotOpenDatabase(error, config.databaseUrl);
  });
  opened.push(() => store.close());
  const bus = createInProcessBus();
  opened.push(() => bus.close());
  const queue = createInProcessQueue(clock, (error, item) => log.error({ err: error, ...item }, "work failed"));
  const directory = createProviderDirectory(new Map([[LOCAL_TENANT, providers]]));
  const owner = `${hostname()}/${process.pid}`;
  const tracker = createTracker({ store, bus, queue, clock, directory, log, random: Math.random, owner });
  opened.push(() => tracker.close());
  opened.push(() => queue.close());
  const feed = createTransitionFeed({ store, bus, clock });
  const progress = createProgressFeed({ store, bus, clock });

  const ports: GatewayPorts = {
    store,
    operations: tracker.operations,
    catalog: tracker.catalog,
    webhooks: tracker.webhooks,
    feed,
    progress,
    clock,
    providersOf: (tenantId) => directory.providersOf(tenantId).map(({ info }) => info),
  };
  const schema = buildGatewaySchema();
  const contextOf = () => createContext(ports, LOCAL_OWNER);
  const reportDefect = (error: unknown) =>
    log.error({ err: error }, "an operation failed in a way clients are not told");
  const graphql = await createGraphqlHttp({ schema, contextOf, reportDefect });
  const webhooks = createWebhooksRoute({
    isReceiver: (key) => directory.find(LOCAL_TENANT, key)?.provider.verifyWebhook !== undefined,
    receive: async (key, delivery) => {
      const configured = directory.find(LOCAL_TENANT, key);
      return configured === undefined ? null : tracker.inbox.receive(LOCAL_TENANT, configured, delivery);
    },
    clock,
    reportDefect,
  });
  let draining = false;
  const notReady = async (): Promise<string | null> => {
    if (draining) return "shutting down";
    return store.ping().then(
      () => null,
      () => "the database does not answer",
    );
  };
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 15_000 },
    createRoutes({ graphql, webhooks, notReady, reportDefect }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, config.host, config.port)));
    server.listen(config.port, config.host, () => resolve());
  });
  // After listening: the socket server would print the failure of a port that is taken in its own words.
  const sockets = createGraphqlWs({ server, path: GRAPHQL_PATH, schema, contextOf, reportDefect });
  opened.push(async () => {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await sockets.close();
    feed.close();
    progress.close();
    await graphql.stop();
    server.closeAllConnections();
    await closed;
  });
  await tracker.start();

  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}${GRAPHQL_PATH}`,
    port,
    providers: providers.map(({ info: { key, kind, sandbox } }) => ({ key, kind, sandbox })),
    close,
  };
}
