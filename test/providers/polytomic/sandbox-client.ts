// A plain client of the Polytomic sandbox for its tests: starts one, sends requests, and checks every answer against
// the vendor's OpenAPI document.
import type { SandboxServer } from "../../../src/domain/sandbox-port.ts";
import { startSandbox } from "../../../src/providers/polytomic/sandbox.ts";
import { eventually } from "../../support/eventually.ts";
import { type OpenApiContract, loadOpenApi, openApiAvailable } from "../../support/openapi.ts";

export const contract: OpenApiContract | null = openApiAvailable() ? loadOpenApi("polytomic.openapi.yml") : null;
export const BEARER = { authorization: "Bearer sandbox-polytomic-key" };
export const BASIC = { authorization: `Basic ${Buffer.from("sandbox-polytomic-organization:").toString("base64")}` };
export const SPEED = 40;
export const NOWHERE = "00000000-0000-4000-8000-000000000000";

/** Statuses the document does not list for an operation, and why the vendor gives them all the same. */
const UNDOCUMENTED = {
  400: "an unknown version, a broken key or body can reach every endpoint, also those whose list lacks 400",
  401: "every endpoint can answer 401, the vendor's list is incomplete",
  404: "an id nobody knows, where the vendor's list has only 401 and 422",
  429: "only the connection proxy documents it, but its SDK handles it everywhere",
};

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const servers: SandboxServer[] = [];

/** Closes what `connect` has started; for the end of every test. */
export async function closeAll(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

interface Execution extends Readonly<Record<string, unknown>> {
  readonly status: string;
  readonly counts: unknown;
}

export interface Client {
  readonly url: string;
  /** Sends, checks the answer (and the body of a request that was taken) against the document, and returns the answer. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  execution(syncId: string, id: string): Promise<Execution>;
  /** Reads an execution until it has ended; one entry per status. */
  follow(syncId: string, id: string): Promise<readonly Execution[]>;
  /** Operations called so far, sorted. */
  seen(): readonly string[];
}

export async function connect(speed = SPEED, seed = 1): Promise<Client> {
  const server = await startSandbox({ port: 0, host: "127.0.0.1", speed, seed });
  servers.push(server);
  const seen = new Set<string>();
  const client: Client = {
    url: server.url,
    seen: () => [...seen].toSorted(),
    call: async (method, path, { body, headers = {} } = {}) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const allHeaders = { ...BEARER, "content-type": "application/json", ...headers };
      const response = await fetch(server.url + path, { method, headers: allHeaders, ...sent });
      const answer = await response.text();
      const reply: Reply = {
        status: response.status,
        headers: response.headers,
        body: answer === "" ? null : JSON.parse(answer),
      };
      const template = templateOf(method, path);
      seen.add(`${method} ${template}`);
      contract?.checkAnswer({ method, path: template, status: reply.status, body: reply.body }, UNDOCUMENTED);
      if (body !== undefined && reply.status === 200) contract?.checkRequestBody({ method, path: template, body });
      return reply;
    },
    execution: async (syncId, id) => {
      const reply = await client.call("GET", `/api/syncs/${syncId}/executions/${id}`);
      const data = record(record(reply.body)["data"]);
      return { ...data, status: text(data, "status"), counts: data["counts"] };
    },
    follow: async (syncId, id) => {
      const steps: Execution[] = [];
      await until("the execution has ended", async () => {
        const execution = await client.execution(syncId, id);
        if (steps.at(-1)?.status === execution.status) steps.pop();
        steps.push(execution);
        return ["completed", "failed", "canceled", "interrupted"].includes(execution.status);
      });
      return steps;
    },
  };
  return client;
}

/** The document's path for a real one: the template with the most fixed parts that fits. */
export function templateOf(method: string, path: string): string {
  const [bare = ""] = path.split("?");
  const fitting = (contract?.operations ?? []).flatMap((operation) => {
    const [verb = "", template = ""] = operation.split(" ");
    const pattern = new RegExp(`^${template.replaceAll(/\{[^}]+\}/gu, "[^/]+")}$`, "u");
    return verb === method && pattern.test(bare) ? [template] : [];
  });
  const fixed = (template: string): number => template.split("/").filter((part) => !part.startsWith("{")).length;
  return fitting.toSorted((one, other) => fixed(other) - fixed(one))[0] ?? bare;
}

export async function allPages(
  client: Client,
  path: string,
): Promise<{ readonly items: readonly Record<string, unknown>[]; readonly pages: number }> {
  const items: Record<string, unknown>[] = [];
  let token: unknown;
  for (let pages = 1; pages < 50; pages += 1) {
    const next =
      typeof token === "string"
        ? `${path}${path.includes("?") ? "&" : "?"}page_token=${encodeURIComponent(token)}`
        : path;
    const { body } = await client.call("GET", next);
    items.push(...rows(body));
    token = record(record(body)["pagination"])["next_page_token"];
    if (token === undefined) return { items, pages };
  }
  throw new Error(`${path}: expected the pages to end`);
}

export async function syncNamed(client: Client, name: string): Promise<string> {
  const found = rows((await client.call("GET", "/api/syncs")).body).find((sync) => sync["name"] === name);
  return text(found, "id");
}

/** Looks until it holds, and throws when it never does. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  await eventually(what, async () => ((await holds()) ? true : null));
}

export function rows(body: unknown): readonly Record<string, unknown>[] {
  const data = record(body)["data"];
  return Array.isArray(data) ? data.map((item) => record(item)) : [];
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

export function text(value: unknown, name: string): string {
  const found = record(value)[name];
  if (typeof found !== "string") throw new Error(`expected ${name} to be text in ${JSON.stringify(value)}`);
  return found;
}
