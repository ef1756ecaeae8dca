// RootFi's core API as a real HTTP server, written from the vendor's documents: v3, and v4 beside it over the same organisation.
// Shares nothing with the adapter beside it. What becomes of a run is decided by its connection:
//   440101 Harbour Lane (XERO, STRIPE), 440111 Larkspur (MS_DYNAMICS_365), 440112 Quarry Road (SALESFORCE)   succeed
//   440102 Northwind (QUICKBOOKS)        succeeds; v3 answers a start in the short form {id, status: "created"}
//   440103 Meridian (ZOHO_BOOKS)         FAILED: the platform refuses all jobs but the first
//   440104 Castor & Vale (SHOPIFY)       a partial end: v3 says SUCCESS with failed_count 1, v4 PARTIAL_SUCCESS
//   440105 Blue Heron (NETSUITE)         its connection is SLEEPING halfway, until sync_resume_at; then SUCCESS
//   440106 Old Mill (SAGE_CLOUD_ACCOUNTING)   stopped by the vendor on the way: FAILED, jobs with code sync-stopped
//   440107 Juniper Street (EXPIRED), 440108 Fenwick (DISCONNECTED), 440110 Tern & Tide (PENDING)   refuse to start
//   440109 Saltmarsh (TALLY)             succeeds, and starts by itself every 60 s at speed 1 (AUTO_SYNC)
// Those 60 s are a day of the sync config: WEEKLY is every seventh start, NEVER and not enabled are left out, and no model left means no
// run. v4 knows one connection per company, so Harbour Lane's STRIPE is v3's alone. A run that a caller cancels is FAILED in both
// versions, whatever it had read; its jobs that had not ended have the code sync-cancelled.
// The end of a run is sent to all who registered for SYNC_COMPLETED, its beginning to those who did for v4's SYNC_STARTED, with their own
// headers, v4's signed, and with three retries; by seed, some events come twice and some behind a later one. Other types can be
// registered, but nothing of theirs happens here. The vendor demands an https address; here http is taken too when it is on loopback.
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";
import { companyRoutes, inviteLinkRoutes } from "./sandbox-account-routes.ts";
import { Deliveries } from "./sandbox-deliveries.ts";
import { Driver } from "./sandbox-driver.ts";
import { answerError, limitRequests, requireKey, unknownRoute } from "./sandbox-http.ts";
import { listenersOf } from "./sandbox-listeners.ts";
import { type Organisation, newOrganisation } from "./sandbox-organisation.ts";
import { syncRoutes } from "./sandbox-sync-routes.ts";
import { companyRoutesOfV4 } from "./sandbox-v4-company-routes.ts";
import { type V4, answering, limitBursts } from "./sandbox-v4-http.ts";
import { syncRoutesOfV4 } from "./sandbox-v4-sync-routes.ts";
import { webhookRoutesOfV4 } from "./sandbox-v4-webhook-routes.ts";
import { webhookRoutes } from "./sandbox-webhook-routes.ts";

const API_KEY = "sandbox-rootfi-key";

/** v3's requests a minute of the sandbox's own time: none are documented, and a gateway that follows a demonstration live needs many. */
const REQUESTS_PER_MINUTE = 600;

/** Starts the vendor's API. The `url` includes `/v3`; v4 is beside it. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const organisation = newOrganisation(options, Date.now());
  const deliveries = new Deliveries(options);
  const driver = new Driver(organisation.book, () => listenersOf(organisation), deliveries);
  const server = createServer(application(options, organisation, driver));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = boundAddress(server.address());
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}/v3`,
    credentials: { apiKey: API_KEY },
    close: async () => {
      driver.stop();
      await Promise.all([closeServer(server), deliveries.close()]);
    },
  };
}

function application(options: SandboxOptions, organisation: Organisation, driver: Driver): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  const minuteMs = 60_000 / options.speed;
  app.use("/v3", limitRequests(REQUESTS_PER_MINUTE, minuteMs));
  app.use("/v4", limitBursts(minuteMs));
  app.use(requireKey(API_KEY));
  app.use(express.json({ limit: "1mb" }));
  app.use((_request, response, next) => {
    driver.advance();
    // The request may have begun a run or changed a registration.
    response.once("close", () => driver.advance());
    next();
  });
  app.use("/v3", syncRoutes(organisation), companyRoutes(organisation), inviteLinkRoutes(organisation));
  app.use("/v3", webhookRoutes(organisation, options.seed));
  const v4: V4 = { organisation, answer: answering(options.seed) };
  app.use("/v4", syncRoutesOfV4(v4), companyRoutesOfV4(v4), webhookRoutesOfV4(v4));
  app.use(unknownRoute);
  app.use(answerError);
  return app;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Keep-alive connections would hold the server open until they time out.
    server.closeAllConnections();
  });
}

function boundAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string")
    throw new Error(`expected a TCP address, got ${String(address)}`);
  return address;
}
