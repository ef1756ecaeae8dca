// The gateway as a process of its own, started as a user starts it, in an empty folder. How it is talked to is in `gateway-client.ts`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually, within } from "./eventually.ts";

export interface GatewayProcess extends AsyncDisposable {
  /** What it printed for people, so far. */
  errorOutput(): string;
  /** What it logged, so far. */
  output(): string;
  /** Where GraphQL is, read from the greeting. Throws when it does not come up. */
  url(): Promise<string>;
  /** Sends a signal and waits for the end. */
  stop(signal: "SIGTERM" | "SIGINT" | "SIGKILL", withinMs?: number): Promise<Ending>;
  /** Waits for the end without doing anything. */
  ended(withinMs?: number): Promise<Ending>;
}

export interface Ending {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

const ROOT = new URL("../../", import.meta.url);
const MAIN = fileURLToPath(new URL("src/server/main.ts", ROOT));
const TSCONFIG = fileURLToPath(new URL("tsconfig.json", ROOT));
/** Loading everything takes seconds on a busy machine. */
const START_MS = 45_000;

/**
 * Starts the program. Nothing of the test's own environment reaches it but what a program needs to run at all.
 *
 * @param folder becomes its working directory
 */
export function startGatewayProcess(folder: string, environment: Readonly<Record<string, string>>): GatewayProcess {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), MAIN], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, TSX_TSCONFIG_PATH: TSCONFIG, ...environment },
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
  const ended = (withinMs = 20_000): Promise<Ending> => within("the process ends", end, withinMs);
  return {
    output: () => printed.output,
    errorOutput: () => printed.errors,
    url: () =>
      eventually(
        `the greeting of the gateway`,
        () => {
          if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}: ${printed.errors}`);
          return /GraphQL \(HTTP\)\s+(\S+)/u.exec(printed.errors)?.[1];
        },
        START_MS,
      ),
    stop: (signal, withinMs) => {
      child.kill(signal);
      return ended(withinMs);
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended();
    },
  };
}
