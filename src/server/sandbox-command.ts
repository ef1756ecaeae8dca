// `syncgraph sandbox <vendor>`: runs one vendor's sandbox alone.
import { loadProviderModules, loadSandbox } from "../providers/registry.ts";
import { cannotListen } from "./start-error.ts";

const HOST = "127.0.0.1";

export interface SandboxWish {
  readonly vendor: string;
  /** 0 lets the system choose. */
  readonly port: string;
  /** How much faster than life its runs go. */
  readonly speed: string;
}

/** @returns the exit code so far: the sandbox goes on until the process ends. 1: it cannot listen; 2: it was called wrongly */
export async function runSandbox({ vendor, port, speed }: SandboxWish): Promise<number> {
  const kinds = [...(await loadProviderModules()).keys()];
  if (!kinds.includes(vendor)) return refuse(`"${vendor}" is no vendor. There are: ${kinds.join(", ")}.`);
  if (!/^\d+$/u.test(port) || Number(port) > 65_535) return refuse(`"${port}" is no port.`);
  if (!(Number(speed) > 0)) return refuse(`"${speed}" is no speed: expected a number above 0.`);
  const { startSandbox } = await loadSandbox(vendor);
  try {
    const options = { host: HOST, port: Number(port), speed: Number(speed), seed: 1 };
    const { url, credentials } = await startSandbox(options);
    process.stdout.write(`${JSON.stringify({ kind: vendor, url, credentials })}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${cannotListen(error, HOST, Number(port)).message}\n`);
    return 1;
  }
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n`);
  return 2;
}
