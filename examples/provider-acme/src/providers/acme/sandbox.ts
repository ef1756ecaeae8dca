// Acme's API as a real HTTP server, written from the vendor's documents. Shares nothing with the adapter beside it.
// What becomes of a pipeline's runs is decided by the pipeline:
//   pl_invoices  succeed
//   pl_contacts  succeed, with two records that failed
//   pl_orders    fail: the source cannot be reached
//   pl_tickets   are canceled while they run
//   pl_payments  disabled: a start is refused
//   pl_ledger    account expired: a start is refused
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import express from "express";
import type { RequestHandler, Response } from "express";
import type { SandboxOptions, SandboxServer } from "../../domain/sandbox-port.ts";

const TOKEN = "sandbox-acme-token";
const PAGE = 50;
/** A minute of the sandbox's own time. */
const REQUESTS_PER_MINUTE = 600;

const NORTHWIND = { id: "ac_northwind", name: "Northwind", status: "connected" };
const CONTOSO = { id: "ac_contoso", name: "Contoso", status: "connected" };
const FABRIKAM = { id: "ac_fabrikam", name: "Fabrikam", status: "expired" };
const CREATED = { created_at: "2026-01-05T08:00:00Z", updated_at: "2026-01-05T08:00:00Z" };

const PIPELINES = [
  { id: "pl_invoices", name: "Invoices of Northwind", enabled: true, account: NORTHWIND, ...CREATED },
  { id: "pl_contacts", name: "Contacts of Northwind", enabled: true, account: NORTHWIND, ...CREATED },
  { id: "pl_orders", name: "Orders of Contoso", enabled: true, account: CONTOSO, ...CREATED },
  { id: "pl_tickets", name: "Tickets of Contoso", enabled: true, account: CONTOSO, ...CREATED },
  { id: "pl_payments", name: "Payments of Contoso", enabled: false, account: CONTOSO, ...CREATED },
  { id: "pl_ledger", name: "Ledger of Fabrikam", enabled: true, account: FABRIKAM, ...CREATED },
];
type Pipeline = (typeof PIPELINES)[number];

interface End {
  readonly status: "succeeded" | "failed" | "canceled";
  readonly written: number;
  readonly failed: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const GOOD_END: End = { status: "succeeded", written: 120, failed: 0, error: null };
const UNREACHABLE = { code: "source_unavailable", message: "The source answered 503" };
const ENDS: ReadonlyMap<string, End> = new Map([
  ["pl_contacts", { status: "succeeded", written: 40, failed: 2, error: null }],
  ["pl_orders", { status: "failed", written: 0, failed: 0, error: UNREACHABLE }],
  ["pl_tickets", { status: "canceled", written: 7, failed: 0, error: null }],
]);

interface Run {
  readonly id: string;
  readonly pipeline: Pipeline;
  readonly fullRefresh: boolean;
  readonly createdAtMs: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** Starts the vendor's API. The `url` ends in `/v1`, as the vendor's does. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxServer> {
  const server = createServer(application(options));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`expected a TCP address, got ${address}`);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${address.port}/v1`,
    credentials: { token: TOKEN },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function application({ seed, speed }: SandboxOptions): express.Express {
  const bootedAtMs = Date.now();
  const runs: Run[] = [];
  const app = express();
  app.disable("x-powered-by");
  app.use(limitRequests(60_000 / speed), requireToken, express.json());

  app.get("/v1/pipelines", ({ query }, response) => sendPage(response, PIPELINES, query["cursor"]));

  app.get("/v1/pipelines/:id", ({ params }, response) => {
    const pipeline = PIPELINES.find(({ id }) => id === params.id);
    if (pipeline === undefined) return refuse(response, 404, "not_found", "No such pipeline");
    response.json(pipeline);
  });

  app.post("/v1/pipelines/:id/runs", ({ params, body }, response) => {
    const pipeline = PIPELINES.find(({ id }) => id === params.id);
    if (pipeline === undefined) return refuse(response, 404, "not_found", "No such pipeline");
    if (!pipeline.enabled) return refuse(response, 409, "pipeline_disabled", "The pipeline is disabled");
    if (pipeline.account.status === "expired")
      return refuse(response, 409, "account_expired", "The account must be connected again");
    const nowMs = Date.now();
    const label = `${seed}:${pipeline.id}:${runs.length}`;
    const startsAtMs = nowMs + (1_000 + drawn(`${label}:queue`, 1_000)) / speed;
    const run: Run = {
      // A sandbox that starts again must not give a new run the id of one that an earlier sandbox ended.
      id: `run_${createHash("sha256").update(`${label}:${bootedAtMs}`).digest("hex").slice(0, 16)}`,
      pipeline,
      fullRefresh: isRecord(body) && body["full_refresh"] === true,
      createdAtMs: nowMs,
      startsAtMs,
      endsAtMs: startsAtMs + (4_000 + drawn(`${label}:run`, 4_000)) / speed,
    };
    runs.push(run);
    response.status(201).json(runView(run, nowMs));
  });

  app.get("/v1/runs", ({ query }, response) => {
    const nowMs = Date.now();
    const { ids, updated_since: since, cursor } = query;
    const asked = ids === undefined ? null : [ids].flat().map(String);
    if ((asked?.length ?? 0) > PAGE) return refuse(response, 400, "invalid_request", `At most ${PAGE} ids`);
    const sinceMs = since === undefined ? 0 : Date.parse(String(since));
    if (Number.isNaN(sinceMs)) return refuse(response, 400, "invalid_request", "updated_since is no time");
    const found = runs.filter((run) => asked?.includes(run.id) ?? updatedAtMs(run, nowMs) >= sinceMs);
    sendPage(
      response,
      found.map((run) => runView(run, nowMs)),
      cursor,
    );
  });

  app.use((_request, response) => refuse(response, 404, "not_found", "No such route"));
  return app;
}

function runView(run: Run, nowMs: number): object {
  const end = nowMs >= run.endsAtMs ? (ENDS.get(run.pipeline.id) ?? GOOD_END) : null;
  const isStarted = nowMs >= run.startsAtMs;
  return {
    id: run.id,
    pipeline_id: run.pipeline.id,
    account_id: run.pipeline.account.id,
    status: end?.status ?? (isStarted ? "running" : "queued"),
    trigger: "api",
    full_refresh: run.fullRefresh,
    records_written: end?.written ?? null,
    records_failed: end?.failed ?? null,
    error: end?.error ?? null,
    log_url: `https://logs.acme.example/${run.id}?signature=made-up`,
    created_at: iso(run.createdAtMs),
    started_at: isStarted ? iso(run.startsAtMs) : null,
    finished_at: end === null ? null : iso(run.endsAtMs),
    updated_at: iso(updatedAtMs(run, nowMs)),
  };
}

/** When the run last changed. */
function updatedAtMs({ createdAtMs, startsAtMs, endsAtMs }: Run, nowMs: number): number {
  if (nowMs < startsAtMs) return createdAtMs;
  return nowMs < endsAtMs ? startsAtMs : endsAtMs;
}

/** A cursor is where the next page begins; clients must not read it. */
function sendPage(response: Response, items: readonly object[], cursor: unknown): void {
  const from = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isSafeInteger(from) || from < 0) return refuse(response, 400, "invalid_request", "cursor is not ours");
  const to = from + PAGE;
  response.json({ data: items.slice(from, to), next_cursor: to < items.length ? String(to) : null });
}

const requireToken: RequestHandler = (request, response, next) => {
  if (request.get("authorization") === `Bearer ${TOKEN}`) return next();
  refuse(response, 401, "unauthorized", "The token is missing or wrong");
};

function limitRequests(windowMs: number): RequestHandler {
  let endsAtMs = 0;
  let used = 0;
  return (_request, response, next) => {
    const nowMs = Date.now();
    if (nowMs >= endsAtMs) [endsAtMs, used] = [nowMs + windowMs, 0];
    used += 1;
    if (used <= REQUESTS_PER_MINUTE) return next();
    response.set("Retry-After", String(Math.max(1, Math.ceil((endsAtMs - nowMs) / 1_000))));
    refuse(response, 429, "rate_limited", "Too many requests");
  };
}

function refuse(response: Response, status: number, code: string, message: string): void {
  response.status(status).json({ error: { code, message } });
}

function drawn(label: string, bound: number): number {
  return createHash("sha256").update(label).digest().readUInt32BE(0) % bound;
}

const iso = (momentMs: number): string => new Date(momentMs).toISOString();

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
