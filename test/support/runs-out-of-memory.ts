// Loaded before a program, fills its heap when it gets SIGALRM, a little at each turn of the event loop, so that the program goes on with
// its work until V8 gives up. To be run with a small --max-old-space-size, or it takes the machine's. (SIGUSR2 would stop a gateway.)
const CHUNK = 500_000;

process.once("SIGALRM", () => {
  const kept: unknown[] = [];
  const fill = (): void => {
    kept.push(Array.from<number>({ length: CHUNK }).fill(0.5));
    setImmediate(fill);
  };
  fill();
});
