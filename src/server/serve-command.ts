// `syncgraph serve`: reads the configuration, starts the gateway, says where it is, and stops it gracefully.
import closeWithGrace from "close-with-grace";
import { pino } from "pino";
import { ConfigError, readConfig } from "./config.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { greeting } from "./greeting.ts";
import { StartError } from "./start-error.ts";

/** Longer than finishing and giving up take; after it the process ends anyway. */
const GRACE_MS = 20_000;

/** @returns the exit code so far: the gateway goes on until it is told to stop */
export async function serve(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    await start(environment);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function start(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readConfig(environment);
  const log = pino({
    level: config.logLevel,
    base: { service: "syncgraph" },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const gateway = await startGateway(config, { log });
  log.info({ url: gateway.url, providers: gateway.providers }, "gateway is up");
  // Logs are JSON on standard output, for machines; this is for the person who started it.
  process.stderr.write(greeting(gateway));
  stopGracefully(gateway, log, config.drainMs);
}

/** A second signal ends the process at once. */
function stopGracefully(gateway: Gateway, log: pino.Logger, drainMs: number): void {
  closeWithGrace({ delay: drainMs + GRACE_MS, logger: false }, async ({ signal, err }) => {
    if (err === undefined) log.info({ signal }, "shutting down");
    else log.fatal({ err }, "shutting down after an error nobody handled");
    // What failed in a way nobody foresaw had better not serve any longer.
    await gateway.close(err === undefined ? drainMs : 0);
    log.info("stopped");
  });
}
