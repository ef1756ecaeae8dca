// The gateway as a program that kills itself: FAILPOINT says where (`F3`, or `F3:2` for the second time). CLOCK_AHEAD_MS puts its clock
// ahead, as if so much time had passed before it was started. With FAILPOINT_WAITS it passes the point until SIGUSR2 comes: what happens
// before a client asks for anything does not count then. Otherwise it is what `src/server/serve-command.ts` is.
import { pino } from "pino";
import type { Clock } from "../../src/domain/clock.ts";
import { readConfig } from "../../src/server/config.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { greeting } from "../../src/server/greeting.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { createReach, type Reach } from "./fail-points.ts";
import { standBetween, watchMigrations, watchStarts } from "./failing-parts.ts";

const asked = createReach(process.env["FAILPOINT"]);
let current = process.env["FAILPOINT_WAITS"] === undefined ? asked : createReach(undefined);
const reach: Reach = {
  at: (point) => current.at(point),
  now: (point) => current.now(point),
  stay: (point) => current.stay(point),
};
process.once("SIGUSR2", () => {
  current = asked;
  process.stderr.write("armed\n");
});
const aheadMs = Number(process.env["CLOCK_AHEAD_MS"] ?? 0);
const clock: Clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + aheadMs) };

watchStarts(reach);
watchMigrations(reach);
const config = readConfig(process.env);
const log = pino({ level: config.logLevel });
const gateway = await startGateway(config, { log, clock, around: (parts) => standBetween(parts, reach) });
process.stderr.write(greeting(gateway));
process.once("SIGTERM", () => {
  void gateway.close().then(() => process.exit(0));
});
