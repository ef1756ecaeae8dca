// Liveness: in stretches without a fault nearly everything that is asked for happens. Without it a gateway that refuses all is right.
import type { Stretch } from "./check-lag.ts";
import type { Action, Breach, Operation } from "./history.ts";

export interface LivenessReport {
  readonly breaches: readonly Breach[];
  readonly operations: number;
  readonly ok: number;
}

export interface LivenessLimits {
  /** The stretches without a fault. */
  readonly calm: readonly Stretch[];
  /** Share that must be ok. */
  readonly least: number;
  /** What counts: each of these must have happened at the least once. Others may be refused for good reasons. */
  readonly actions: readonly Action[];
}

/** An operation counts when it was begun, and had time to end, in one calm stretch. */
export function checkLiveness(
  operations: readonly Operation[],
  { calm, least, actions }: LivenessLimits,
): LivenessReport {
  const wanted = operations.filter(({ f }) => actions.includes(f));
  const counted = wanted.filter(({ from, to }) =>
    calm.some((stretch) => from >= stretch.from && (to ?? Number.POSITIVE_INFINITY) <= stretch.to),
  );
  const cut = wanted.filter(({ from, to }) => to === null && calm.some((one) => from >= one.from && from < one.to));
  const all = [...counted, ...cut];
  const ok = counted.filter(({ type }) => type === "ok");
  const breach = (subject: string, found: string): Breach => ({ check: "liveness", subject, found });
  const missing = actions.filter((name) => !ok.some(({ f }) => f === name));
  const isDead = all.length === 0 || ok.length < all.length * least;
  return {
    breaches: [
      ...(isDead ? [breach("all clients", `${ok.length} of ${all.length} operations were ok without a fault`)] : []),
      ...missing.map((name) => breach(name, "never ok without a fault")),
    ],
    operations: all.length,
    ok: ok.length,
  };
}
