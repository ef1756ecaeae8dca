// The gateway as a process of its own, started as a user starts it, in an empty folder. How it is talked to is in `gateway-client.ts`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { GENEROUS_MS, eventually, within } from "./eventually.ts";

export interface GatewayProcess extends AsyncDisposable {
  /** What it printed for people, so far. */
  errorOutput(): string;
  /** What it logged, so far. */
  output(): string;
  /** Where GraphQL is, read from the greeting. Throws when it does not come up. */
  url(withinMs?: number): Promise<string>;
  /** Sends a signal and waits for nothing: SIGSTOP freezes it, connections and all, until SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal and waits for the end. */
  stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL", withinMs?: number): Promise<Ending>;
  /** Lets it hang, connections and all, until the returned call. */
  freeze(): () => void;
  /** Null when it could not be started. */
  readonly pid: number | null;
  /** Waits for the end without doing anything. */
  ended(withinMs?: number): Promise<Ending>;
}

export interface Ending {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ProcessOptions {
  /** The folder, ending in a slash, of the sources that are run. Default: these. */
  readonly root?: URL;
  /** Modules that are loaded before the program. */
  readonly first?: readonly string[];
  /** What Node is given to run. Default: those sources. */
  readonly program?: readonly string[];
  /** What follows the program. Default: nothing, which serves. */
  readonly words?: readonly string[];
}

const ROOT = new URL("../../", import.meta.url);
/** Loading everything takes seconds, and on a busy machine minutes. */
const START_MS = 300_000;

/**
 * Starts the program. Nothing of the test's own environment reaches it but what a program needs to run at all.
 *
 * @param folder becomes its working directory
 */
export function startGatewayProcess(
  folder: string,
  environment: Readonly<Record<string, string>>,
  { root = ROOT, first = [], program = sourcesIn(root, first), words = [] }: ProcessOptions = {},
): GatewayProcess {
  const tsconfig = fileURLToPath(new URL("tsconfig.json", root));
  const child = spawn(process.execPath, [...program, ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, TSX_TSCONFIG_PATH: tsconfig, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = { output: "", errors: "" };
  child.stdout.on("data", (chunk: Buffer) => (printed.output += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (printed.errors += chunk.toString("utf8")));
  // "close" comes after the last output, "exit" may come before it.
  const end = once(child, "close").then(([code, signal]: readonly unknown[]): Ending => ({
    code: typeof code === "number" ? code : null,
    signal: typeof signal === "string" ? signal : null,
  }));
  const ended = (withinMs = GENEROUS_MS): Promise<Ending> => within("the process ends", end, withinMs);
  return {
    output: () => printed.output,
    errorOutput: () => printed.errors,
    url: (withinMs = START_MS) =>
      eventually(
        `the greeting of the gateway`,
        () => {
          const how = child.exitCode ?? child.signalCode;
          if (how !== null) throw new Error(`the gateway ended with ${how}: ${printed.errors}`);
          return /GraphQL \(HTTP\)\s+(\S+)/u.exec(printed.errors)?.[1];
        },
        withinMs,
      ),
    signal: (signal) => void child.kill(signal),
    stop: (signal, withinMs) => {
      child.kill(signal);
      return ended(withinMs);
    },
    freeze: () => {
      child.kill("SIGSTOP");
      return () => void child.kill("SIGCONT");
    },
    pid: child.pid ?? null,
    ended,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended();
    },
  };
}

function sourcesIn(root: URL, first: readonly string[]): readonly string[] {
  const modules = [import.meta.resolve("tsx"), ...first].flatMap((module) => ["--import", module]);
  return [...modules, fileURLToPath(new URL("src/server/main.ts", root))];
}
