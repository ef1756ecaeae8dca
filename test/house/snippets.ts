// The snippets of a page: GraphQL with the variables under it, run one after the other as a reader would, each with what earlier ones answered.
import { createClient } from "graphql-ws";
import { Kind, parse, type OperationDefinitionNode } from "graphql";
import { WebSocket } from "ws";
import { z } from "zod";
import { within } from "../support/eventually.ts";

export interface Snippet {
  readonly name: string;
  readonly operation: OperationDefinitionNode["operation"];
  readonly text: string;
  /** With placeholders such as `<Start: triggerSync.syncs[0].id>`. */
  readonly variables: Json;
  readonly expected: Expected;
}

/** What a snippet says that it gives; without such a line it must succeed. */
export interface Expected {
  readonly error: string | null;
  readonly userError: string | null;
}

export interface Outcome {
  readonly data: Json;
  readonly errorCodes: readonly string[];
  readonly userErrorCodes: readonly string[];
}

type Json = z.output<ReturnType<typeof z.json>>;
type JsonObject = Record<string, Json>;

const answerShape = z.object({
  data: z.json().optional(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).default([]),
});
type Answer = z.output<typeof answerShape>;

/** @throws Error for a block of variables that is not JSON, or stands under no snippet */
export function snippetsIn(markdown: string): readonly Snippet[] {
  const blocks = [...markdown.matchAll(/^```(graphql|json variables)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, kind = "", text = ""], index) => {
    if (kind !== "graphql") {
      if (blocks[index - 1]?.[1] !== "graphql") throw new Error(`variables under no snippet: ${text}`);
      return [];
    }
    const next = blocks[index + 1];
    const variables = next?.[1] === "json variables" ? z.json().parse(JSON.parse(next[2] ?? "")) : {};
    return [snippetOf(text, variables)];
  });
}

function snippetOf(text: string, variables: Json): Snippet {
  const [operation] = parse(text).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || operation.name === undefined)
    throw new Error(`expected an operation with a name first, got ${text}`);
  const said = (what: string): string | null => new RegExp(`^# gives the ${what} (\\w+)\n`).exec(text)?.[1] ?? null;
  const expected = { error: said("error"), userError: said("user error") };
  return { name: operation.name.value, operation: operation.operation, text, variables, expected };
}

/**
 * Runs the snippets in their order.
 *
 * @param url of GraphQL over HTTP
 * @returns each snippet's outcome by its name; an error for one that could not be run
 */
export async function runAll(url: string, snippets: readonly Snippet[]): Promise<ReadonlyMap<string, Outcome | Error>> {
  const outcomes = new Map<string, Outcome | Error>();
  for (const snippet of snippets) {
    if (outcomes.has(snippet.name)) throw new Error(`expected each name once, got ${snippet.name} twice`);
    const outcome = await run(url, snippet, outcomes).catch((error: unknown) =>
      error instanceof Error ? error : new Error(JSON.stringify(error)),
    );
    outcomes.set(snippet.name, outcome);
  }
  return outcomes;
}

async function run(url: string, snippet: Snippet, earlier: ReadonlyMap<string, Outcome | Error>): Promise<Outcome> {
  const variables = z.record(z.string(), z.json()).parse(filledIn(snippet.variables, earlier));
  const request = { query: snippet.text, variables };
  const { data = null, errors } =
    snippet.operation === "subscription"
      ? await within(`an event of ${snippet.name}`, lastEvent(url, request), 45_000)
      : await ask(url, request);
  return { data, errorCodes: errors.map(({ extensions }) => extensions.code), userErrorCodes: userErrorCodes(data) };
}

interface Request {
  readonly query: string;
  readonly variables: JsonObject;
}

async function ask(url: string, request: Request): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  return answerShape.parse(await response.json());
}

/** The last event of a subscription that ends by itself, the first one of any other. */
async function lastEvent(url: string, request: Request): Promise<Answer> {
  const client = createClient({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
  let last: Answer | null = null;
  try {
    for await (const event of client.iterate(request)) {
      last = answerShape.parse(event);
      if (!request.query.includes("syncProgressed")) break;
    }
  } catch (refusal) {
    // Errors of the operation come as a list; a socket that broke does not.
    return answerShape.parse({ errors: refusal });
  } finally {
    await client.dispose();
  }
  if (last === null) throw new Error("the subscription ended without an event");
  return last;
}

const userErrorShape = z.object({ userErrors: z.array(z.object({ code: z.string() })) });

/** Codes of all user errors, however deep. */
function userErrorCodes(data: Json): readonly string[] {
  if (typeof data !== "object" || data === null) return [];
  const own = userErrorShape.safeParse(data);
  const codes = own.success ? own.data.userErrors.map(({ code }) => code) : [];
  return [...codes, ...Object.values(data).flatMap(userErrorCodes)];
}

function filledIn(value: Json, earlier: ReadonlyMap<string, Outcome | Error>): Json {
  if (Array.isArray(value)) return value.map((one) => filledIn(one, earlier));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filledIn(one, earlier)]));
  const [, name = "", path = ""] = (typeof value === "string" && /^<(\w+): (.+)>$/.exec(value)) || [];
  if (name === "") return value;
  const outcome = earlier.get(name);
  if (outcome === undefined || outcome instanceof Error) throw new Error(`${String(value)}: ${name} has no answer`);
  return valueAt(outcome.data, path);
}

/**
 * What stands at a path such as `syncs.nodes[0].id`; a text in brackets finds the entry of that name.
 *
 * @throws Error when nothing stands there
 */
export function valueAt(data: Json, path: string): Json {
  let value: Json | undefined = data;
  for (const [, entry, field = ""] of path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)) {
    if (entry !== undefined) value = entryOf(value, entry);
    else value = z.record(z.string(), z.json()).safeParse(value).data?.[field];
  }
  if (value === undefined || value === null) throw new Error(`expected something at ${path}, got nothing`);
  return value;
}

function entryOf(list: Json | undefined, entry: string): Json | undefined {
  if (!Array.isArray(list)) return undefined;
  if (/^\d+$/.test(entry)) return list[Number(entry)];
  return list.find((one) => typeof one === "object" && one !== null && "name" in one && one["name"] === entry);
}

/** What an outcome lacks of what the snippet says; empty when nothing. */
export function problemsOf(
  { expected }: Snippet,
  { data, errorCodes, userErrorCodes: codes }: Outcome,
): readonly string[] {
  const problems: string[] = [];
  const errors = expected.error === null ? [] : [expected.error];
  const userErrors = expected.userError === null ? [] : [expected.userError];
  if (errorCodes.join() !== errors.join()) problems.push(`errors: expected ${said(errors)}, got ${said(errorCodes)}`);
  if (codes.join() !== userErrors.join()) problems.push(`userErrors: expected ${said(userErrors)}, got ${said(codes)}`);
  if (expected.error === null && (data === null || Object.values(data).includes(null)))
    problems.push(`data: expected every field, got ${JSON.stringify(data)}`);
  return problems;
}

const said = (codes: readonly string[]): string => (codes.length === 0 ? "none" : codes.join(", "));
