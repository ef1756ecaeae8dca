// The Stuut sandbox's syncs: the vendor shows only the latest one of each model, so only that is kept. Nothing ticks: scheduled syncs
// are made when somebody looks, and a sync's stage follows from its age.
import { createHash } from "node:crypto";
import type { ConnectionSeed, ModelSeed } from "./sandbox-data.ts";
import { CONNECTIONS, Fate } from "./sandbox-data.ts";
import type { Stage } from "./sandbox-plan.ts";
import { isOver, planSync } from "./sandbox-plan.ts";

export interface ModelSync {
  readonly id: string;
  readonly modelId: string;
  readonly batchId: string | null;
  readonly entityId: string | null;
  readonly fileId: string | null;
  readonly initial: boolean;
  /** Asked for, not from the schedule. */
  readonly oneOff: boolean;
  readonly createdAtMs: number;
  /** How much faster than life it goes. */
  readonly pace: number;
  readonly stages: readonly Stage[];
}

export class SyncBook {
  readonly #tracks = new Map<string, Track>();
  readonly #speed: number;
  readonly #seed: number;
  readonly #startedAtMs: number;
  #requests = 0;

  constructor(options: { readonly seed: number; readonly speed: number }, nowMs: number) {
    this.#seed = options.seed;
    this.#startedAtMs = nowMs;
    this.#speed = options.speed;
    for (const connection of CONNECTIONS) {
      for (const [place, model] of connection.models.entries()) {
        const everyMs = model.everyMs === null ? null : model.everyMs / options.speed;
        // The first comes after a third of the time, so that a short look already sees one.
        const nextAtMs = everyMs === null ? null : nowMs + everyMs / 3;
        const track: Track = { connection, model, everyMs, nextAtMs, replaceAtMs: null, made: 0, last: null };
        this.#tracks.set(model.id, track);
        if (model.hasHistory)
          this.#make(track, { createdAtMs: nowMs - (35 + place * 47) * 60_000, pace: 1, kind: "past", batchId: null });
      }
    }
  }

  /** The latest sync of the model; null when it never synced. */
  last(modelId: string, nowMs: number): ModelSync | null {
    return this.#track(modelId, nowMs)?.last ?? null;
  }

  /** When the schedule starts the model's next sync; null without a schedule. */
  nextAtMs(modelId: string, nowMs: number): number | null {
    return this.#track(modelId, nowMs)?.nextAtMs ?? null;
  }

  /**
   * Starts a sync of every model that can be read and is not being read. The vendor does not say what becomes of a start while a sync
   * is open; here such a model is left out of the answer.
   */
  request(connection: ConnectionSeed, nowMs: number): readonly ModelSync[] {
    this.#requests += 1;
    const batchId = connection.batches ? uuid(`${this.#seed}:${this.#startedAtMs}:batch:${this.#requests}`) : null;
    return connection.models.flatMap((model) => {
      const track = this.#track(model.id, nowMs);
      if (track === undefined || !model.readEnabled || !model.syncSupported || isOpen(track.last, nowMs)) return [];
      if (model.replacedAfterMs !== null) track.replaceAtMs = nowMs + model.replacedAfterMs / this.#speed;
      return [this.#make(track, { createdAtMs: nowMs, pace: this.#speed, kind: "requested", batchId })];
    });
  }

  /** The model's track with everything that its schedule started until now. */
  #track(modelId: string, nowMs: number): Track | undefined {
    const track = this.#tracks.get(modelId);
    if (track === undefined) return undefined;
    if (track.replaceAtMs !== null && track.replaceAtMs <= nowMs) {
      this.#make(track, { createdAtMs: track.replaceAtMs, pace: this.#speed, kind: "scheduled", batchId: null });
      track.replaceAtMs = null;
    }
    if (track.everyMs === null || track.nextAtMs === null || track.nextAtMs > nowMs) return track;
    // Of all the times that went by unseen only the last would still show.
    const dueAtMs = track.nextAtMs + Math.floor((nowMs - track.nextAtMs) / track.everyMs) * track.everyMs;
    track.nextAtMs = dueAtMs + track.everyMs;
    if (isOpen(track.last, dueAtMs) || track.connection.syncDisabled) return track;
    this.#make(track, { createdAtMs: dueAtMs, pace: this.#speed, kind: "scheduled", batchId: null });
    return track;
  }

  #make(track: Track, how: Making): ModelSync {
    const { model, connection } = track;
    track.made += 1;
    const label = `${this.#seed}:${model.id}:${track.made}`;
    // A sandbox that starts again must not give a new sync the id of one that an earlier sandbox ended.
    const named = how.kind === "past" ? label : `${label}:${this.#startedAtMs}`;
    // What replaces a sync unseen must itself end well, whatever the model's fate.
    const sync: ModelSync = {
      id: `sync_${createHash("sha256").update(named).digest("hex").slice(0, 20).toUpperCase()}`,
      modelId: model.id,
      batchId: how.batchId,
      entityId: connection.entityId,
      fileId: model.fileUpload ? `file_${model.name}_2024` : null,
      initial: track.last === null && how.kind !== "past",
      oneOff: how.kind === "requested" || model.fileUpload,
      createdAtMs: how.createdAtMs,
      pace: how.pace,
      stages: planSync(how.kind === "scheduled" ? Fate.Complete : model.fate, how.kind !== "requested", (what, bound) =>
        drawn(`${label}:${what}`, bound),
      ),
    };
    track.last = sync;
    return sync;
  }
}

/** How old a sync is, in its own life's milliseconds. */
export function ageMs(sync: ModelSync, nowMs: number): number {
  return (nowMs - sync.createdAtMs) * sync.pace;
}

interface Track {
  readonly connection: ConnectionSeed;
  readonly model: ModelSeed;
  readonly everyMs: number | null;
  nextAtMs: number | null;
  replaceAtMs: number | null;
  /** Syncs made so far; makes ids. */
  made: number;
  last: ModelSync | null;
}

interface Making {
  readonly createdAtMs: number;
  readonly pace: number;
  readonly kind: "past" | "scheduled" | "requested";
  readonly batchId: string | null;
}

function isOpen(sync: ModelSync | null, nowMs: number): boolean {
  return sync !== null && !isOver(sync.stages, ageMs(sync, nowMs));
}

function drawn(label: string, bound: number): number {
  return createHash("sha256").update(label).digest().readUInt32BE(0) % bound;
}

function uuid(label: string): string {
  const hex = createHash("sha256").update(label).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
