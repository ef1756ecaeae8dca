// Truto's admin API for sync jobs as a real HTTP server, for the first run and for tests. Written from the vendor's documents
// alone; the adapter beside it is another reading of the same documents and shares nothing with it.
//
// Credentials: `Authorization: Bearer sandbox-truto-token`.
//
// What becomes of a run is decided by its sync job, every time:
//   Zendesk tickets                 completes; needs the argument start_date
//   HubSpot contacts and companies  completes; a cron trigger also starts it every minute of sandbox time
//   Salesforce opportunities        completes, but some records are not persisted; with error_handling fail_fast it fails
//   Jira issues                     fails; the log has the reason
//   Slack messages                  is rate limited on the way, goes on by itself and completes
//   Notion pages                    is stopped by the vendor
//   BambooHR time off               completes with nothing fetched
//   Support conversations           completes; needs the argument integrated_account_id
//   those made by clients           complete
// Runs of one job and account take turns unless `force` is sent. The accounts globex/zendesk (needs_reauth) and
// umbrella-labs/hubspot (connecting) cannot be run for: a start is refused with 400.
//
// Run events go to every active webhook that listens to them, signed, with three retries; by seed, some come twice and some behind a
// later one. A run stands still at its start until its `started` is answered with 200 or given up; a 400 stops it. Five events given
// up in a row make a webhook inactive. The vendor demands an https address; here http is taken too when it is on loopback.
// Not served: record events, templates, unified and proxy calls, daemons of one's own.
import { type Server, createServer } from "node:http";
import express from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";
import { Deliveries } from "./sandbox-deliveries.ts";
import { Driver } from "./sandbox-driver.ts";
import { TOKEN, answerRefusal, authenticate, limitRate, unknownRoute } from "./sandbox-http.ts";
import { jobRoutes } from "./sandbox-job-routes.ts";
import { otherRoutes } from "./sandbox-other-routes.ts";
import { runRoutes } from "./sandbox-run-routes.ts";
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
  return { url: urlOf(server, options.host), credentials: { token: TOKEN }, close: closeAll };
}

function application(world: World, driver: Driver): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // `created_at[gt]=...` is a nested value.
  app.set("query parser", "extended");
  app.use(authenticate, limitRate(), express.json());
  app.use((_request, response, next) => {
    driver.advance();
    // The request may have begun or ended something, or changed a webhook.
    response.once("close", () => driver.advance());
    next();
  });
  app.use(jobRoutes(world), runRoutes(world), otherRoutes(world, driver));
  app.use(unknownRoute);
  app.use(answerRefusal);
  return app;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Truto sandbox: expected a TCP address");
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
