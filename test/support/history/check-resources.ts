// Memory and handles of a process over its life: they may breathe, and must not climb.
import type { Breach } from "./history.ts";

/** What one process held at one moment. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rssMb: number;
  /** What is alive after a full garbage collection; null when it was not asked then. */
  readonly liveMb: number | null;
  readonly handles: number;
}

export interface ResourceLimits {
  /** The first part of a life fills caches and compiles: it is left out. */
  readonly warmUpMs: number;
  /** Shorter lives say nothing of a slope. */
  readonly leastMs: number;
  /** Of what is alive. The resident size is told and not judged: V8 gives memory back when it likes. */
  readonly mostMbPerMinute: number;
  readonly mostHandlesPerMinute: number;
}

export interface Slope {
  readonly process: string;
  readonly overMs: number;
  readonly rssMb: Line;
  /** Null when nobody could be asked twice. */
  readonly liveMb: Line | null;
  readonly handles: Line;
}

export interface Line {
  readonly first: number;
  readonly last: number;
  readonly perMinute: number;
}

export interface ResourceReport {
  readonly breaches: readonly Breach[];
  /** Of the lives that were long enough. */
  readonly slopes: readonly Slope[];
}

export function checkResources(
  lives: readonly { readonly process: string; readonly samples: readonly Sample[] }[],
  limits: ResourceLimits,
): ResourceReport {
  const slopes = lives.flatMap(({ process, samples }) => {
    const bornAt = samples[0]?.at ?? 0;
    const settled = samples.filter(({ at }) => at - bornAt >= limits.warmUpMs);
    const [first, last] = [settled[0], settled.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < limits.leastMs) return [];
    const line = (of: (sample: Sample) => number): Line => lineOf(settled.map((one) => [one.at, of(one)]));
    const alive = settled.flatMap(({ at, liveMb }) => (liveMb === null ? [] : [[at, liveMb] as const]));
    return [
      {
        ...{ process, overMs: last.at - first.at },
        rssMb: line((one) => one.rssMb),
        liveMb: alive.length < 2 ? null : lineOf(alive),
        handles: line((one) => one.handles),
      },
    ];
  });
  const breaches = slopes.flatMap(({ process, liveMb, handles }): readonly Breach[] => [
    ...(liveMb === null ? [] : exceeds(process, "MB", liveMb.perMinute, limits.mostMbPerMinute)),
    ...exceeds(process, "handles", handles.perMinute, limits.mostHandlesPerMinute),
  ]);
  return { breaches, slopes };
}

function exceeds(process: string, unit: string, perMinute: number, most: number): readonly Breach[] {
  if (perMinute <= most) return [];
  const found = `grows by ${perMinute.toFixed(2)} ${unit} a minute, at most ${most} was promised`;
  return [{ check: "resources", subject: process, found }];
}

function lineOf(points: readonly (readonly [at: number, value: number])[]): Line {
  const [first = 0, last = 0] = [points[0]?.[1], points.at(-1)?.[1]];
  return { first, last, perMinute: slopePerMinute(points) };
}

/** The line of least squares through moments and values. */
export function slopePerMinute(points: readonly (readonly [at: number, value: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [at, value] = [mean((point) => point[0]), mean((point) => point[1])];
  const spread = mean((point) => (point[0] - at) ** 2);
  const together = mean((point) => (point[0] - at) * (point[1] - value));
  return spread === 0 ? 0 : (together / spread) * 60_000;
}
