// Loaded before a program, gives its process a machine whose clock is wrong: everything in it that asks for the time, libraries too, is
// told another one. How far ahead that is, in milliseconds, is in the environment; negative is behind.
const aheadMs = Number(process.env["CLOCK_AHEAD_MS"]);
if (!Number.isFinite(aheadMs)) throw new Error("CLOCK_AHEAD_MS: expected a number of milliseconds");

const TrueDate = Date;

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, given: unknown[], newTarget) =>
    Reflect.construct(target, given.length === 0 ? [TrueDate.now() + aheadMs] : given, newTarget),
  get: (target, property, receiver) =>
    property === "now" ? () => TrueDate.now() + aheadMs : Reflect.get(target, property, receiver),
});
