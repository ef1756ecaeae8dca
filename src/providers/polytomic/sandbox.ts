// Polytomic's model-sync API (version 2025-09-18) as a real HTTP server, for the first run and for tests. Written from the
// vendor's documents alone; the adapter beside it is another reading of the same documents and shares nothing with it.
//
// Credentials: `Authorization: Bearer sandbox-polytomic-key`, or Basic with user `sandbox-polytomic-organization` and no password.
//
// What becomes of a run is decided by its definition, every time:
//   Warehouse users to Salesforce contacts    completes; 23 past runs, which is more than one page
//   Orders to HubSpot deals                   completes with errors: counts.error > 0
//   Subscriptions to Salesforce accounts      fails
//   Product usage to HubSpot companies        is interrupted
//   Leads to finance spreadsheet              has to wait (`waiting`), then completes
//   Churn scores to Zendesk users             completes with all counts zero
//   Trial signups to HubSpot contacts         is cancelled by the vendor
//   Legacy accounts to Salesforce             is paused: a start is refused with 400
//   Live orders to finance spreadsheet        completes; also starts by itself every minute of sandbox time
//   Orders to Salesforce opportunities        completes; starts by itself when the first definition has completed
//   all others, and those made by clients     complete
//
// Events go to the organization's webhook, signed, with five retries; by seed, some come twice and some behind a later one.
// The vendor demands an https endpoint; here http is taken too when it is on a loopback address.
// Not served: bulk syncs, partner keys, older API versions, the addresses for mails about errors.
import { type Server, createServer } from "node:http";
import express from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";
import { connectionRoutes } from "./sandbox-connections.ts";
import { Deliveries } from "./sandbox-deliveries.ts";
import { Driver } from "./sandbox-driver.ts";
import { eventRoutes, webhookRoutes } from "./sandbox-events.ts";
import {
  API_KEY,
  answerRefusal,
  authenticate,
  limitRate,
  replayAnswers,
  requireVersion,
  unknownRoute,
} from "./sandbox-http.ts";
import { syncRoutes } from "./sandbox-syncs.ts";
import { World } from "./sandbox-world.ts";

/** Listens on the given address and resolves when requests can be sent. Rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const world = new World(options.seed, options.speed);
  const deliveries = new Deliveries(options.seed, options.speed);
  const driver = new Driver(world, deliveries);
  const server = createServer(application(world, driver));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const closeAll = async (): Promise<void> => {
    driver.stop();
    await Promise.all([close(server), deliveries.close()]);
  };
  return { url: urlOf(server, options.host), credentials: { apiKey: API_KEY }, close: closeAll };
}

function application(world: World, driver: Driver): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // `params[table]=...` is a nested value.
  app.set("query parser", "extended");
  app.use(authenticate, limitRate(), requireVersion, express.json(), replayAnswers());
  app.use((_request, response, next) => {
    driver.advance();
    // The request may have begun or ended something, or changed the webhook.
    response.once("close", () => driver.advance());
    next();
  });
  app.use(syncRoutes(world), connectionRoutes(world), eventRoutes(world), webhookRoutes(world));
  app.use(unknownRoute);
  app.use(answerRefusal);
  return app;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Polytomic sandbox: expected a TCP address");
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Closing what is closed already is no failure.
    server.close(() => resolve());
    // Keep-alive connections would hold the server open until they time out.
    server.closeAllConnections();
  });
}
