// Set-full: each acknowledged trigger is in the store with the runs its caller was told of, none is there twice, none came from nowhere.
import type { StoredTrigger, StoredWorld } from "./ground-truth.ts";
import { groupedBy, operationsNamed, type Breach, type Operation, type OperationOf } from "./history.ts";

export function checkTriggers(operations: readonly Operation[], stored: StoredWorld): readonly Breach[] {
  const asked = groupedBy(operationsNamed(operations, "trigger"), ({ value }) => value.key);
  const kept = groupedBy(stored.triggers, ({ key }) => key ?? "");
  const runs = new Set(stored.runs.map(({ id }) => id));
  const unasked = [...kept.keys()].filter((key) => !asked.has(key));
  return [
    ...unasked.map((key) => breach(key, "the store has a trigger that nobody asked for")),
    ...[...asked].flatMap(([key, tries]) => ofOneKey(key, tries, kept.get(key) ?? [], runs)),
  ];
}

function ofOneKey(
  key: string,
  tries: readonly OperationOf<"trigger">[],
  kept: readonly StoredTrigger[],
  runs: ReadonlySet<string>,
): readonly Breach[] {
  const breaches: string[] = [];
  const refusals = tries.filter(({ type }) => type === "fail");
  const accepted = tries.filter(({ type }) => type === "ok");
  const answers = new Set(accepted.map(({ value }) => sorted(value.runs)));
  const [only] = kept;
  if (kept.length > 1) breaches.push(`the store has ${kept.length} triggers with this key`);
  if (answers.size > 1) breaches.push(`answered with different runs: ${[...answers].join(" and ")}`);
  // What was refused before anything was committed may be asked for again under the same key; what was acknowledged stays so.
  if (refusals.some(({ from }) => accepted.some(({ to }) => to !== null && to < from)))
    breaches.push("acknowledged, and refused when it was asked for again");
  if (answers.size > 0 && only === undefined) breaches.push("acknowledged, and the store has no such trigger");
  if (refusals.length === tries.length && only?.state === "ACCEPTED")
    breaches.push("refused to every caller, and accepted in the store");
  for (const answer of answers) {
    if (only !== undefined && (only.state !== "ACCEPTED" || sorted(only.runs) !== answer))
      breaches.push(`acknowledged with ${answer}, and the store has it ${only.state} with ${sorted(only.runs)}`);
    const lost = answer.split(" ").filter((run) => run !== "" && !runs.has(run));
    if (lost.length > 0) breaches.push(`the store has not the acknowledged runs ${lost.join(" ")}`);
  }
  return breaches.map((found) => breach(key, found));
}

const sorted = (runs: readonly string[]): string => runs.toSorted().join(" ");

const breach = (subject: string, found: string): Breach => ({ check: "triggers", subject, found });
