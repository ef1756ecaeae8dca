// Stuut's v2 integrations API as a real HTTP server, written from the vendor's documents. Shares nothing with the adapter beside it.
// What becomes of a connection's syncs (one per model that is read-enabled and sync-able) is decided by the connection:
//   conn_01HZX3ALD Aldgate    all complete; payment never synced before; two further models cannot be synced
//   conn_01HZX3BRI Bright     all fail: the source refuses the token
//   conn_01HZX3COR Corvid     partial, as this vendor shows it: invoice and customer complete, payment fails
//   conn_01HZX3DUN Dunmore    invoice waits for a retry (pending_retry, source's rate limit), then completes; customer runs at once
//   conn_01HZX3ELM Elmfield   invoice is cancelled while running, customer while queued; batch_id stays null
//   conn_01HZX3FAI Fairway    syncs disabled: a start is refused
//   conn_01HZX3GRA Granary    needs a new sign-in: a start is refused
//   conn_01HZX3HOL Holt       invoice starts by itself every 60 s at speed 1; a requested customer sync is replaced in last_sync by a
//                             scheduled one after 4 s, so that its end is never shown
//   conn_01HZX3IVY Ivybridge  being set up, no models: a start is refused
//   conn_01HZX3JUN Junction   nothing that can be synced: a start answers an empty list
// Only the two routes are documented. Error bodies, the refusals' 409, the limit and Retry-After are inferred from the framework.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";
import type { ConnectionSeed } from "./sandbox-data.ts";
import { CONNECTIONS } from "./sandbox-data.ts";
import { SyncBook } from "./sandbox-syncs.ts";
import { connectionView, syncView } from "./sandbox-views.ts";

const TOKEN = "sandbox-stuut-token";

/** Requests a minute of the sandbox's own time; the vendor documents no limit. */
const REQUESTS_PER_MINUTE = 600;

const LONGEST_ID = 128;

/** Starts the vendor's API. The `url` is the host alone: the paths begin with `/v2`. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const server = createServer(application(options));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = boundAddress(server.address());
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    credentials: { token: TOKEN },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function application(options: SandboxOptions): express.Express {
  const startedAtMs = Date.now();
  const book = new SyncBook(options, startedAtMs);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(limitRequests(REQUESTS_PER_MINUTE, 60_000 / options.speed));

  app
    .route("/v2/integrations/connections")
    .get(requireToken, (_request, response) => {
      const nowMs = Date.now();
      const createdAtMs = startedAtMs - 60 * 24 * 3_600_000;
      response.json(CONNECTIONS.map((connection) => connectionView(connection, book, createdAtMs, nowMs)));
    })
    .all(methodNotAllowed("GET"));

  // No body is read: the endpoint takes none, and the framework ignores one that is sent.
  app
    .route("/v2/integrations/connections/:connectionId/sync")
    .post(requireToken, (request, response) => {
      const { connectionId } = request.params;
      if (connectionId.length > LONGEST_ID) return refuseInput(response, connectionId);
      const connection = CONNECTIONS.find((candidate) => candidate.id === connectionId);
      if (connection === undefined) return refuse(response, 404, "Connection not found");
      const obstacle = obstacleOf(connection);
      if (obstacle !== null) return refuse(response, 409, obstacle);
      const nowMs = Date.now();
      response.json(book.request(connection, nowMs).map((sync) => syncView(sync, nowMs)));
    })
    .all(methodNotAllowed("POST"));

  app.use((_request, response) => refuse(response, 404, "Not Found"));
  app.use(answerError);
  return app;
}

/** Why the connection cannot be synced; null when it can. */
function obstacleOf(connection: ConnectionSeed): string | null {
  if (connection.syncDisabled) return "Syncs are disabled for this connection";
  if (connection.authenticationPending || connection.problem !== null) return "Connection requires authentication";
  return connection.runningSetup ? "Connection setup is still running" : null;
}

/** Unknown routes need no token: the framework resolves the route before it asks who is there. */
const requireToken: RequestHandler = (request, response, next) => {
  const [scheme = "", token = ""] = (request.get("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() === "bearer" && token === TOKEN) return next();
  response.set("WWW-Authenticate", "Bearer");
  const missing = scheme.toLowerCase() !== "bearer" || token === "";
  refuse(response, 401, missing ? "Not authenticated" : "Could not validate credentials");
};

function limitRequests(limit: number, windowMs: number): RequestHandler {
  let endsAtMs = 0;
  let used = 0;
  return (_request, response, next) => {
    const nowMs = Date.now();
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + windowMs;
      used = 0;
    }
    used += 1;
    if (used <= limit) return next();
    response.set("Retry-After", String(Math.max(1, Math.ceil((endsAtMs - nowMs) / 1_000))));
    refuse(response, 429, "Rate limit exceeded");
  };
}

function methodNotAllowed(allowed: string): RequestHandler {
  return (_request, response) => {
    response.set("Allow", allowed);
    refuse(response, 405, "Method Not Allowed");
  };
}

function refuse(response: Response, status: number, detail: string): void {
  response.status(status).json({ detail });
}

function refuseInput(response: Response, input: string): void {
  const msg = `String should have at most ${LONGEST_ID} characters`;
  const problem = {
    type: "string_too_long",
    loc: ["path", "connection_id"],
    msg,
    input,
    ctx: { max_length: LONGEST_ID },
  };
  response.status(422).json({ detail: [problem] });
}

/** What the router itself refuses, such as a path that cannot be decoded, is a path that does not exist. */
const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const status = typeof error === "object" && error !== null && "status" in error ? Number(error.status) : 500;
  if (status >= 400 && status < 500) return refuse(response, 404, "Not Found");
  refuse(response, 500, "Internal Server Error");
};

function boundAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string")
    throw new Error(`expected a TCP address, got ${String(address)}`);
  return address;
}
