// Loaded before a program, lets its event loop stand still when it gets SIGALRM, as an endless computation would: the process lives and is
// busy, and none of its timers, answers and signals are heard. It goes on when there is a file at the path that STANDS_STILL_UNTIL names.
// (SIGUSR2 would stop a gateway.)
import { existsSync, writeSync } from "node:fs";

const file = process.env["STANDS_STILL_UNTIL"];
if (file === undefined) throw new Error("STANDS_STILL_UNTIL: expected the path of a file");

process.once("SIGALRM", () => {
  writeSync(process.stderr.fd, "stands still\n");
  for (;;) if (existsSync(file)) return;
});
