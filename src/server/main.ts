// The program: reads the configuration, starts the gateway, says where it is, and stops it gracefully.
import closeWithGrace from "close-with-grace";
import { pino } from "pino";
import { ConfigError, readConfig } from "./config.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { greeting } from "./greeting.ts";
import { StartError } from "./start-error.ts";

/** Longer than any operation may take; after it the process ends anyway. */
const GRACE_MS = 20_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({
    level: config.logLevel,
    base: { service: "syncgraph" },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
  const gateway = await startGateway(config, log);
  log.info({ url: gateway.url, providers: gateway.providers }, "gateway is up");
  // Logs are JSON on standard output, for machines; this is for the person who started it.
  process.stderr.write(greeting(gateway));
  stopGracefully(gateway, log);
}

function stopGracefully(gateway: Gateway, log: pino.Logger): void {
  closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ signal, err }) => {
    if (err === undefined) log.info({ signal }, "shutting down");
    else log.fatal({ err }, "shutting down after an error nobody handled");
    await gateway.close();
    log.info("stopped");
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
