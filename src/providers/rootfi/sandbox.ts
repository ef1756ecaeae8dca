// RootFi's v3 core API as a real HTTP server, written from the vendor's documents. Shares nothing with the adapter beside it.
// What becomes of a run is decided by its connection:
//   440101 Harbour Lane (XERO, STRIPE), 440111 Larkspur (MS_DYNAMICS_365), 440112 Quarry Road (SALESFORCE)   succeed
//   440102 Northwind (QUICKBOOKS)        succeeds; a start is answered in the short form {id, status: "created"}
//   440103 Meridian (ZOHO_BOOKS)         FAILED: the platform refuses all jobs but the first
//   440104 Castor & Vale (SHOPIFY)       SUCCESS with failed_count 1, v3's way of showing a partial end
//   440105 Blue Heron (NETSUITE)         its connection is SLEEPING halfway, until sync_resume_at; then SUCCESS
//   440106 Old Mill (SAGE_CLOUD_ACCOUNTING)   stopped by the vendor on the way: FAILED, jobs with code sync-stopped
//   440107 Juniper Street (EXPIRED), 440108 Fenwick (DISCONNECTED), 440110 Tern & Tide (PENDING)   refuse: operation-denied
//   440109 Saltmarsh (TALLY)             succeeds, and starts by itself every 60 s at speed 1 (AUTO_SYNC)
// The end of a run is sent to all who registered for SYNC_COMPLETED, with their own headers and three retries; by seed, some events come
// twice and some behind a later one. Other types can be registered, but nothing of theirs happens here. The vendor demands an https
// address; here http is taken too when it is on loopback.
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";
import { companyRoutes, inviteLinkRoutes } from "./sandbox-account-routes.ts";
import { COMPANIES } from "./sandbox-data.ts";
import { Deliveries } from "./sandbox-deliveries.ts";
import { Driver } from "./sandbox-driver.ts";
import { answerError, limitRequests, requireKey, unknownRoute } from "./sandbox-http.ts";
import { RunBook } from "./sandbox-runs.ts";
import type { Organisation } from "./sandbox-sync-routes.ts";
import { syncRoutes } from "./sandbox-sync-routes.ts";
import type { Company } from "./sandbox-views.ts";
import { webhookRoutes } from "./sandbox-webhook-routes.ts";

const API_KEY = "sandbox-rootfi-key";

/** Requests a minute of the sandbox's own time. v4 documents 100; a gateway that follows a demonstration live needs more. */
const REQUESTS_PER_MINUTE = 600;

/** Starts the vendor's API. The `url` includes `/v3`. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const organisation = newOrganisation(options, Date.now());
  const deliveries = new Deliveries(options);
  const driver = new Driver(organisation.book, organisation.webhooks, deliveries);
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
  app.use(limitRequests(REQUESTS_PER_MINUTE, 60_000 / options.speed));
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
  app.use(unknownRoute);
  app.use(answerError);
  return app;
}

function newOrganisation(options: SandboxOptions, nowMs: number): Organisation {
  const companies = COMPANIES.map((seed, place): [number, Company] => {
    const createdAtMs = nowMs - (120 - place * 7) * 24 * 3_600_000;
    const { name, partnerId } = seed;
    return [
      seed.id,
      { seed, name, partnerId, syncConfig: null, createdAtMs, updatedAtMs: createdAtMs, deleted: false },
    ];
  });
  return { book: new RunBook(options, nowMs), companies: new Map(companies), webhooks: new Map() };
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
