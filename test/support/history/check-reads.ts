// Monotonic reads: what one client sees of a run never goes back, whichever gateway it asks, and its own starts are there when it looks.
import { operationsNamed, type Breach, type Operation } from "./history.ts";

const RANK: ReadonlyMap<string | null, number> = new Map([
  [null, 0],
  ["CREATED", 1],
  ["RUNNING", 2],
  ["SUCCESS", 3],
  ["FAILED", 3],
]);

export function checkReads(operations: readonly Operation[]): readonly Breach[] {
  const breaches: Breach[] = [];
  /** What each client knows of each run; null for one it has started and not looked at. */
  const known = new Map<string, string | null>();
  for (const operation of operations) {
    if (operation.type !== "ok") continue;
    if (operation.f === "trigger") {
      for (const run of operation.value.runs) {
        const name = `${operation.process} ${run}`;
        known.set(name, known.get(name) ?? null);
      }
    }
    if (operation.f !== "read") continue;
    const { run, status } = operation.value;
    const name = `${operation.process} ${run}`;
    const before = known.get(name);
    known.set(name, status);
    const found = faultOf(before, status);
    if (found !== null) breaches.push({ check: "reads", subject: name, found });
  }
  return breaches;
}

/** How many reads there were to check: none proves nothing. */
export const readsChecked = (operations: readonly Operation[]): number =>
  operationsNamed(operations, "read").filter(({ type }) => type === "ok").length;

function faultOf(before: string | null | undefined, status: string | null): string | null {
  if (before === undefined) return null;
  if (status === null) return `it was there${before === null ? "" : `, ${before},`} and is gone`;
  const [old, now] = [rankOf(before), rankOf(status)];
  return now < old || (now === 3 && old === 3 && before !== status) ? `went from ${before} to ${status}` : null;
}

function rankOf(status: string | null): number {
  const rank = RANK.get(status);
  if (rank === undefined) throw new Error(`no status of a run: ${status}`);
  return rank;
}
