// A plain client of the Truto sandbox for its tests: starts one, sends requests, and checks every answer against
// the OpenAPI document assembled from the vendor's pages.
import type { SandboxServer } from "../../../src/domain/sandbox-port.ts";
import { startSandbox } from "../../../src/providers/truto/sandbox.ts";
import { eventually } from "../../support/eventually.ts";
import { type OpenApiContract, loadOpenApi, openApiAvailable } from "../../support/openapi.ts";

export const contract: OpenApiContract | null = openApiAvailable() ? loadOpenApi("truto.assembled.openapi.yml") : null;
export const TOKEN = { authorization: "Bearer sandbox-truto-token" };
export const NOWHERE = "00000000-0000-4000-8000-000000000000";
export const WEBHOOK_ID = "4a4de828-f4db-4c9e-adfd-434e0864c3c7";

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const servers: SandboxServer[] = [];

/** Closes what `connect` has started; for the end of every test. */
export async function closeAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

export interface Client {
  readonly url: string;
  /** Sends, checks the answer (and the body of a request that was taken) against the document, and returns the answer. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  jobNamed(label: string): Promise<string>;
  accountOf(tenant: string, integration: string): Promise<string>;
  /** Starts a run; `more` adds to the body or replaces parts of it. */
  start(label: string, tenant: string, integration: string, more: Readonly<Record<string, unknown>>): Promise<Reply>;
  /** Reads a run until it has ended; one entry per status. */
  follow(id: string): Promise<readonly Record<string, unknown>[]>;
  /** Operations called so far, sorted. */
  seen(): readonly string[];
}

export async function connect(speed: number, seed = 1): Promise<Client> {
  const server = await startSandbox({ port: 0, host: "127.0.0.1", speed, seed });
  servers.push(server);
  const seen = new Set<string>();
  const client: Client = {
    url: server.url,
    seen: () => [...seen].toSorted(),
    call: async (method, path, { body, headers = {} } = {}) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const allHeaders = { ...TOKEN, "content-type": "application/json", ...headers };
      const response = await fetch(server.url + path, { method, headers: allHeaders, ...sent });
      const reply: Reply = { status: response.status, headers: response.headers, body: record(await response.json()) };
      const template = templateOf(method, path);
      seen.add(`${method} ${template}`);
      contract?.checkAnswer({ method, path: template, status: reply.status, body: asGuidesSay(reply.body) });
      if (body !== undefined && reply.status === 200) contract?.checkRequestBody({ method, path: template, body });
      return reply;
    },
    jobNamed: async (label) =>
      text(
        rows(await client.call("GET", "/sync-job")).find((job) => job["label"] === label),
        "id",
      ),
    accountOf: async (tenant, integration) => {
      const accounts = rows(await client.call("GET", `/integrated-account?tenant_id=${tenant}`));
      return text(
        accounts.find((account) => record(account["integration"])["name"] === integration),
        "id",
      );
    },
    start: async (label, tenant, integration, more) => {
      const sync_job_id = await client.jobNamed(label);
      const integrated_account_id = await client.accountOf(tenant, integration);
      return await client.call("POST", "/sync-job-run", { body: { sync_job_id, integrated_account_id, ...more } });
    },
    follow: async (id) => {
      const steps: Record<string, unknown>[] = [];
      await until("the run has ended", async () => {
        const run = (await client.call("GET", `/sync-job-run/${id}`)).body;
        if (steps.at(-1)?.["status"] === run["status"]) steps.pop();
        steps.push(run);
        return run["finished_at"] !== null;
      });
      return steps;
    },
  };
  return client;
}

/** The document knows `result` only and says in words that `results` occurs; both are the same list. */
export function asGuidesSay(body: Record<string, unknown>): Record<string, unknown> {
  const { results, ...rest } = body;
  return results === undefined ? body : { ...rest, result: results };
}

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu;

/** The document's path for a real one: the template with the most fixed parts that fits. Without the document, the path without its ids. */
export function templateOf(method: string, path: string): string {
  const [bare = ""] = path.split("?");
  const fitting = (contract?.operations ?? []).flatMap((operation) => {
    const [verb = "", template = ""] = operation.split(" ");
    const pattern = new RegExp(`^${template.replaceAll(/\{[^}]+\}/gu, "[^/]+")}$`, "u");
    return verb === method && pattern.test(bare) ? [template] : [];
  });
  return (
    fitting.toSorted((one, other) => one.split("{").length - other.split("{").length)[0] ?? bare.replaceAll(ID, "{id}")
  );
}

/** Looks until it holds, and throws when it never does. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  await eventually(what, async () => ((await holds()) ? true : null));
}

export function rows(reply: Reply): readonly Record<string, unknown>[] {
  const list = reply.body["result"] ?? reply.body["results"];
  return Array.isArray(list) ? list.map((item) => record(item)) : [];
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

export function text(value: unknown, name: string): string {
  const found = record(value)[name];
  if (typeof found !== "string") throw new Error(`expected ${name} to be text in ${JSON.stringify(value)}`);
  return found;
}
