// The composition root: makes every part from a configuration and wires them up.
import "reflect-metadata";
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import { createContext, type GatewayPorts, type ViewerIdentity } from "../graphql/context.ts";
import { RAW_SCOPE } from "../graphql/resolvers/sync-edges.ts";
import { buildGatewaySchema } from "../graphql/schema.ts";
import { shownKeyOf } from "../domain/gateway-port.ts";
import type { EventBus, WorkQueue } from "../domain/runtime-ports.ts";
import type { Store } from "../domain/store-port.ts";
import { claimFile } from "../store/file-claim.ts";
import { GATEWAY_NAME, openStore } from "../store/open-store.ts";
import { createAccountGate } from "../tracking/account-gate.ts";
import { createProviderRoster } from "../tracking/provider-roster.ts";
import { createProviderDirectory, type ConfiguredProvider } from "../tracking/provider-directory.ts";
import { createTracker } from "../tracking/tracker.ts";
import { givenUp } from "../tracking/unless-given-up.ts";
import { systemClock } from "../wire/system-clock.ts";
import { createAccessPolicy } from "./access-policy.ts";
import { refuseForeignSandboxes, settleAccounts, withKindProblems } from "./accounts.ts";
import { ConfigError, type GatewayConfig } from "./config.ts";
import { connectionsAllowed } from "./connection-limit.ts";
import { createCoordination } from "./coordination.ts";
import { createDoor, refusedHead } from "./door.ts";
import { createGraphqlHttp } from "./graphql-http.ts";
import { createGraphqlWs } from "./graphql-ws.ts";
import { createLargeOperations } from "./large-operations.ts";
import { withPatience } from "./patience.ts";
import { createLedgerWatch } from "./ledger-watch.ts";
import { marksOf } from "./marks-of.ts";
import { createProgressFeed } from "./progress-feed.ts";
import { watchNeighbours } from "./neighbour-watch.ts";
import { checkProviders, vendorNames } from "./providers.ts";
import { createQuotas } from "./quotas.ts";
import { GRAPHQL_PATH, createRoutes } from "./routes.ts";
import { sandboxConfig, startSandboxes } from "./sandboxes.ts";
import { createSharedClock } from "./shared-clock.ts";
import { cannotListen, cannotOpenDatabase, databaseReason } from "./start-error.ts";
import { LOCAL_TENANT } from "./tenant.ts";
import { createTimeWatch } from "./time-watch.ts";
import { createTransitionFeed } from "./transition-feed.ts";
import { createWebhooksRoute } from "./webhooks-route.ts";

export interface Gateway {
  /** Where GraphQL is, over HTTP. */
  readonly url: string;
  readonly port: number;
  /** Keys of the providers, and of those that are sandboxes. */
  readonly providers: readonly { readonly key: string; readonly kind: string; readonly sandbox: boolean }[];
  /**
   * Says that it is not ready, then takes nothing more, finishes what runs, and frees everything.
   *
   * @param servingMs how long it goes on serving before, so that load balancers notice. Default 0
   */
  close(servingMs?: number): Promise<void>;
}

/** What tracking works through. */
export interface GatewayParts {
  readonly store: Store;
  readonly bus: EventBus;
  readonly queue: WorkQueue;
  readonly providers: readonly ConfiguredProvider[];
}

export interface GatewayTools {
  readonly log: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Given the parts as they were made, gives those that are used: what shall stand between tracking and its ports. Default: nothing. */
  readonly around?: (parts: GatewayParts) => GatewayParts;
}

/** Fixed, so that the sandboxes' accounts and definitions are the same ones after a restart. */
const SANDBOX_SEED = 1;
const DAY_MS = 86_400_000;
const LOCAL_OWNER: ViewerIdentity = {
  tenantId: LOCAL_TENANT,
  name: "local owner",
  scopes: ["syncs:read", "syncs:trigger", "syncs:cancel", "definitions:write", RAW_SCOPE],
};

/**
 * @throws ConfigError when a provider's settings are wrong
 * @throws StartError when the database cannot be opened or the port cannot be used
 */
export async function startGateway(config: GatewayConfig, tools: GatewayTools): Promise<Gateway> {
  const opened: (() => Promise<void> | void)[] = [];
  // Freed in reverse: what was made last uses what was made first.
  const close = async () => {
    for (const free of opened.splice(0).reverse()) await free();
  };
  try {
    return await assemble(config, tools, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  config: GatewayConfig,
  { log, clock: own = systemClock, around = (parts) => parts }: GatewayTools,
  opened: (() => Promise<void> | void)[],
  close: () => Promise<void>,
): Promise<Gateway> {
  const maxConnections = await connectionsAllowed(config.maxConnections);
  const clock = createSharedClock(own, log);
  const sandboxes = config.sandbox ? await startSandboxes({ speed: config.sandboxSpeed, seed: SANDBOX_SEED }) : [];
  opened.push(
    ...sandboxes.map(
      ({ server }) =>
        () =>
          server.close(),
    ),
  );
  const taken = new Set(config.providers.map(({ key }) => key));
  const specs = [
    ...config.providers.map((one) => ({ config: one, sandbox: false })),
    ...sandboxes.map((one) => ({ config: sandboxConfig(one, taken), sandbox: true })),
  ];
  const checked = await checkProviders(specs).catch(async (error: unknown) => {
    throw error instanceof ConfigError ? await withKindProblems(error, config, LOCAL_TENANT) : error;
  });
  const notOpened = (error: unknown): never => {
    throw cannotOpenDatabase(error, config.databaseUrl);
  };
  const warn = (message: string) => log.warn(message);
  opened.push(await claimFile(config.databaseUrl, warn).catch(notOpened));
  const opening = await openStore(config.databaseUrl, {
    warn,
    poolSize: config.databasePool,
    applicationName: `${GATEWAY_NAME} ${randomUUID()}`,
  }).catch(notOpened);
  opened.push(() => opening.close());
  const quotaOf = createQuotas(config.databaseUrl, opening.quotas, LOCAL_TENANT);
  const claims = checked.map(({ claim }) => claim);
  const providerKeys = await settleAccounts(opening, LOCAL_TENANT, claims);
  const configured = checked.map((make) => make({ clock, quotaOf, providerKeys }));
  opened.push(async () => void (await Promise.all(configured.map(({ provider }) => provider.close()))));
  await refuseForeignSandboxes(opening, LOCAL_TENANT, configured);
  const { disconnect, redis, ...coordination } = await createCoordination(config, opening, { clock, log });
  opened.push(disconnect);
  opened.push(() => coordination.bus.close());
  const { store, bus, queue, providers } = around({ store: opening, ...coordination, providers: configured });
  // Before anything is planned or leased.
  const times = createTimeWatch({ store, log }, () => queue.planAgain());
  opened.push(
    await clock.follow(
      () => store.now(),
      (now) => times.look(now),
    ),
  );
  if (config.redisUrl === null) opened.push(watchNeighbours(opening, { clock: own, log }));
  const directory = createProviderDirectory(new Map([[LOCAL_TENANT, providers]]));
  const owner = `${hostname()}/${process.pid}`;
  const ending = new AbortController();
  // Every call to a vendor listens to it.
  setMaxListeners(0, ending.signal);
  const giveUp = () => {
    log.warn("what still runs is given up, so that the process can end; starts and polls are left to other gateways");
    ending.abort(givenUp());
  };
  const gate = createAccountGate({ store, clock, log });
  const displayNames = await vendorNames();
  const roster = createProviderRoster(
    // In containers that share a network, hosts and processes may have the same names.
    { store, clock, directory, owner: `${owner}/${randomUUID()}`, log },
    { gate, displayNameOf: (kind) => displayNames.get(kind) ?? null },
  );
  opened.push(() => roster.close());
  const tracker = createTracker(
    {
      ...{ store, bus, queue, clock, directory, log, random: Math.random, owner },
      givenUp: ending.signal,
      unknownRunsMs: config.unknownRunsDays * DAY_MS,
      retentionMs: config.retentionDays === null ? null : config.retentionDays * DAY_MS,
    },
    gate,
  );
  opened.push(() => tracker.close());
  opened.push(() => queue.close());
  const feed = createTransitionFeed({ store, bus, clock });
  const progress = createProgressFeed({ store, bus, clock });
  const tenantIds = directory.tenantIds();
  const marks = marksOf(config.databaseUrl, redis);
  const watch = createLedgerWatch({ store, clock, log, tenantIds, marks, changed: () => feed.beginAnew() });
  opened.push(() => watch.close());
  await watch.start();

  const ports: GatewayPorts = {
    store,
    operations: tracker.operations,
    catalog: tracker.catalog,
    definitions: tracker.definitions,
    schemas: tracker.schemas,
    webhooks: tracker.webhooks,
    feed,
    progress,
    clock,
    providersOf: (tenantId) => roster.providersOf(tenantId),
  };
  const schema = buildGatewaySchema();
  const contextOf = (_request: IncomingMessage, signal: AbortSignal) => createContext(ports, LOCAL_OWNER, signal);
  const reportDefect = (error: unknown) =>
    log.error({ err: error }, "an operation failed in a way clients are not told");
  const large = createLargeOperations();
  const shared = { schema, contextOf, clock, large, reportDefect };
  const graphql = await createGraphqlHttp(shared);
  const webhooks = createWebhooksRoute({
    isReceiver: (key) => directory.findShown(LOCAL_TENANT, key)?.provider.verifyWebhook !== undefined,
    receive: async (key, delivery) => {
      const configured = directory.findShown(LOCAL_TENANT, key);
      return configured === undefined ? null : tracker.inbox.receive(LOCAL_TENANT, configured, delivery);
    },
    clock,
    reportDefect,
  });
  let stopping = false;
  let serveForMs = 0;
  const notReady = async (): Promise<string | null> => {
    if (stopping) return "shutting down";
    return store.ping().then(() => null, databaseReason);
  };
  const access = createAccessPolicy(config);
  const door = createDoor({
    clock,
    answer: createRoutes({ access, graphql, webhooks, notReady, reportDefect }),
    maxConnections,
    limits: { keepAliveMs: config.keepAliveMs },
    reportDrops: (dropped) =>
      log.warn(
        { dropped, maxConnections },
        "connections are not taken because too many are open; SYNCGRAPH_MAX_CONNECTIONS lets more in",
      ),
  });
  const { server } = door;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, config.host, config.port)));
    server.listen(config.port, config.host, () => resolve());
  });
  // After listening: the socket server would print the failure of a port that is taken in its own words.
  const refused = (request: IncomingMessage) => refusedHead(request) ?? access.refusedPage(request);
  const sockets = createGraphqlWs({ server, path: GRAPHQL_PATH, refused, ...shared });
  opened.push(async () => {
    stopping = true;
    door.sayGoodbye();
    await clock.sleep(serveForMs);
    // Subscribers go on elsewhere from their cursors; they need not wait for what others have asked for.
    await withPatience({ giveUp, clock }, (patience) =>
      Promise.all([door.shut(patience), sockets.close(), queue.stop()]),
    );
    feed.close();
    progress.close();
    await graphql.stop();
  });
  await roster.start();
  await tracker.start();

  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}${GRAPHQL_PATH}`,
    port,
    providers: providers.map(({ info }) => ({ key: shownKeyOf(info), kind: info.kind, sandbox: info.sandbox })),
    close: (servingMs = 0) => {
      serveForMs = servingMs;
      return close();
    },
  };
}
