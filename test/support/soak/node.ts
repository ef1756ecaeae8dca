// One gateway of a soak over all its lives: killed, frozen and started again, and what each life held measured.
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { startGatewayProcess, type Ending, type GatewayProcess } from "../gateway-process.ts";
import type { Sample } from "../history/check-resources.ts";
import { INSPECTED, liveMbOf } from "./live-heap.ts";

export interface Life {
  readonly process: string;
  readonly samples: readonly Sample[];
}

export interface Node {
  readonly name: string;
  /** Where GraphQL is; null while it is down. */
  url(): string | null;
  untilUp(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Begins the next life. */
  start(): void;
  freeze(): () => void;
  /** Ends it as an operator does. */
  stop(): Promise<Ending>;
  /** What it logged in this life. */
  output(): string;
  /** Memory and handles, life by life; none where the system does not tell. */
  lives(): readonly Life[];
  close(): Promise<void>;
}

const SAMPLE_EVERY_MS = 2_000;
const LIVE_EVERY_SAMPLES = 10;
/** Everything else on the machine goes on meanwhile. */
const UP_WITHIN_MS = 120_000;

export function startNode(name: string, folder: string, environment: Readonly<Record<string, string>>): Node {
  const lives: { process: string; samples: Sample[] }[] = [];
  let process: GatewayProcess;
  let url: string | null = null;
  let sampling = new AbortController();

  function start(): void {
    const mine = startGatewayProcess(folder, { ...environment, ...INSPECTED });
    const life = { process: `${name}, life ${lives.length + 1}`, samples: [] as Sample[] };
    lives.push(life);
    sampling = new AbortController();
    process = mine;
    void sample(mine, life.samples, sampling.signal);
  }

  async function untilUp(): Promise<void> {
    const mine = process;
    const found = await mine.url(UP_WITHIN_MS);
    if (mine === process) url = found;
  }

  function down(): void {
    url = null;
    sampling.abort();
  }

  start();
  return {
    ...{ name, start, untilUp },
    url: () => url,
    kill: async () => {
      down();
      await process.stop("SIGKILL");
    },
    freeze: () => process.freeze(),
    stop: () => {
      down();
      return process.stop("SIGTERM", 40_000);
    },
    output: () => process.output(),
    lives: () => lives,
    close: async () => {
      down();
      await process[Symbol.asyncDispose]();
    },
  };
}

async function sample({ pid, errorOutput }: GatewayProcess, samples: Sample[], signal: AbortSignal): Promise<void> {
  while (pid !== null && !signal.aborted) {
    const held = await heldBy(pid).catch(() => null);
    if (held === null) return;
    // A full collection stops the process for a moment, so it is asked for seldom.
    const liveMb = samples.length % LIVE_EVERY_SAMPLES === 0 ? await liveMbOf(errorOutput()) : null;
    samples.push({ at: Date.now(), ...held, liveMb });
    await pause(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Linux tells in its process folders; elsewhere this rejects. */
async function heldBy(pid: number): Promise<Pick<Sample, "rssMb" | "handles">> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]);
  if (!Number.isFinite(kilobytes)) throw new Error("the process is gone");
  return { rssMb: kilobytes / 1_024, handles: (await readdir(`/proc/${pid}/fd`)).length };
}
