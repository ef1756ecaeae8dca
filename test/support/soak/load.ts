// The clients of a soak: each asks one thing after the other of whichever gateway is up, and writes down what it did and heard.
import { setMaxListeners } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { ask } from "../gateway-client.ts";
import { accountOf, definitionNamed, listDefinitions, triggerSync, type TriggerAnswer } from "../gateway-operations.ts";
import type { Action, Ending, History, HistoryEvent } from "../history/history.ts";
import { STARTABLE } from "./settings.ts";

/** Something that can be started, as `triggerSync` takes it. */
type Startable = Readonly<Record<string, unknown>> & { readonly definitionId: string };

export interface Start {
  readonly key: string;
  readonly input: Startable;
}

export interface Load {
  /** Every start asked for, under each key once. */
  readonly starts: readonly Start[];
  /** Why starts were not made, by code, and how often. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Asks for it (again), as this client. @returns how it ended */
  start(process: string, start: Start): Promise<Ending>;
  /** No client begins anything any more. */
  stop(): Promise<void>;
}

export interface LoadSettings {
  readonly clients: number;
  readonly operationsPerSecond: number;
  readonly urls: () => readonly string[];
  readonly history: History;
  readonly random: () => number;
}

/** How often what is asked for; the rest are reads of one run. */
const SHARE = { start: 0.45, startAgain: 0.1, list: 0.1, cancel: 0.03 } as const;
/** Runs and starts that are asked about again are among the newest. */
const REMEMBERED = 150;
/** Nobody knows yet, or ever: everything else that is an error says that nothing was started. */
const UNDECIDED: ReadonlySet<string> = new Set([
  "TRIGGER_UNCERTAIN",
  "IDEMPOTENCY_IN_PROGRESS",
  "ALREADY_RUNNING",
  "SERVICE_UNAVAILABLE",
  "INTERNAL",
]);

export async function startLoad(settings: LoadSettings): Promise<Load> {
  const { clients, operationsPerSecond, urls, history, random } = settings;
  const startables = await findStartables(urls()[0] ?? "");
  const stopping = new AbortController();
  setMaxListeners(clients, stopping.signal);
  const starts: Start[] = [];
  const refusals = new Map<string, number>();
  const runs: string[] = [];
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  const newest = <Item>(items: readonly Item[]): readonly Item[] => items.slice(-REMEMBERED);

  /** Throws what `work` throws only after it has been written down as undecided. */
  async function done<Value extends HistoryEvent["value"]>(
    process: string,
    f: Action,
    asked: Value,
    work: (url: string) => Promise<readonly [Ending, Value]>,
  ): Promise<Ending> {
    const write = (type: HistoryEvent["type"], value: Value) =>
      history.write({ process, f, type, value, time: Date.now() } as HistoryEvent);
    const url = pick(urls());
    if (url === undefined) return "fail";
    write("invoke", asked);
    // A gateway that is killed, frozen or cut off answers nothing: nobody knows what it did.
    const [type, value] = await work(url).catch((): readonly [Ending, Value] => ["info", asked]);
    write(type, value);
    return type;
  }

  function start(process: string, { key, input }: Start): Promise<Ending> {
    const asked = { key, definition: input.definitionId, runs: [] as readonly string[] };
    return done(process, "trigger", asked, async (url) => {
      const answer = await triggerSync(url, { ...input, idempotencyKey: key });
      const begun = (answer.data.triggerSync?.syncs ?? []).map(({ id }) => id);
      const codes = codesOf(answer);
      const type = endingOf(codes);
      for (const code of codes) refusals.set(code, (refusals.get(code) ?? 0) + 1);
      if (type === "ok") runs.push(...begun);
      return [type, { ...asked, runs: type === "ok" ? begun : [] }];
    });
  }

  function startNew(process: string): Promise<Ending> {
    const input = pick(startables);
    if (input === undefined) throw new Error("there is nothing to start");
    const fresh = { key: `soak ${starts.length}`, input };
    starts.push(fresh);
    return start(process, fresh);
  }

  function read(process: string, run: string): Promise<Ending> {
    return done(process, "read", { run, status: null as string | null }, async (url) => {
      const { data, errors } = await ask(url, readShape, "query ($id: ID!) { sync(id: $id) { status } }", { id: run });
      return [errors.length === 0 ? "ok" : "info", { run, status: data.sync?.status ?? null }];
    });
  }

  function list(process: string): Promise<Ending> {
    return done(process, "list", { runs: 0 }, async (url) => {
      const { data, errors } = await ask(url, listShape, "{ syncs(first: 50) { nodes { id status } } }");
      return [errors.length === 0 ? "ok" : "fail", { runs: data.syncs?.nodes.length ?? 0 }];
    });
  }

  function cancel(process: string, run: string): Promise<Ending> {
    return done(process, "cancel", { run }, async (url) => {
      const { data, errors } = await ask(url, cancelShape, CANCEL, { id: run });
      if (errors.length > 0) return ["info", { run }];
      return [data.cancelSync?.userErrors.length === 0 ? "ok" : "fail", { run }];
    });
  }

  async function act(process: string): Promise<void> {
    const dice = random();
    const run = pick(newest(runs));
    const known = pick(newest(starts));
    const bounds = [SHARE.start, SHARE.startAgain, SHARE.list, SHARE.cancel].map((_, index, shares) =>
      shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0),
    );
    const what = bounds.findIndex((bound) => dice < bound);
    if (what === 0 || run === undefined || known === undefined) await startNew(process);
    else if (what === 1) await start(process, known);
    else if (what === 2) await list(process);
    else if (what === 3) await cancel(process, run);
    else await read(process, run);
  }

  async function live(process: string): Promise<void> {
    const meanMs = (clients / operationsPerSecond) * 1_000;
    while (!stopping.signal.aborted) {
      await pause(meanMs * 2 * random(), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await act(process);
    }
  }

  const lives = Array.from({ length: clients }, (_, index) => live(`client ${index + 1}`));
  return {
    ...{ starts, refusals, start },
    stop: async () => {
      stopping.abort();
      await Promise.all(lives);
    },
  };
}

const codesOf = ({ data, errors }: TriggerAnswer): readonly string[] => [
  ...errors.map(({ extensions }) => String(extensions?.["code"])),
  ...(data.triggerSync?.userErrors ?? []).map(({ code }) => code),
];

function endingOf(codes: readonly string[]): Ending {
  if (codes.length === 0) return "ok";
  return codes.some((code) => UNDECIDED.has(code)) ? "info" : "fail";
}

async function findStartables(url: string): Promise<readonly Startable[]> {
  const definitions = await listDefinitions(url);
  const found: Startable[] = [];
  for (const [provider, name, integration] of STARTABLE) {
    const { id } = definitionNamed(definitions, provider, name);
    const account =
      integration === undefined ? {} : { linkedAccountId: (await accountOf(url, provider, integration)).id };
    found.push({ definitionId: id, ...account });
  }
  return found;
}

const readShape = z.object({ sync: z.object({ status: z.string() }).nullable() });
const listShape = z.object({
  syncs: z.object({ nodes: z.array(z.object({ id: z.string(), status: z.string() })) }).nullable(),
});
const cancelShape = z.object({
  cancelSync: z.object({ userErrors: z.array(z.object({ code: z.string() })) }).nullable(),
});
const CANCEL = "mutation ($id: ID!) { cancelSync(input: { syncId: $id }) { userErrors { code } } }";
