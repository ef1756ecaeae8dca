// The JSON that the Stuut sandbox answers with: connections, models and syncs as the v2 pages print them.
import type { ConnectionSeed, ModelSeed } from "./sandbox-data.ts";
import { firstRunMs, isOver, stageAt } from "./sandbox-plan.ts";
import type { ModelSync, SyncBook } from "./sandbox-syncs.ts";
import { ageMs } from "./sandbox-syncs.ts";

type Json = Readonly<Record<string, unknown>>;

const DAY_MS = 24 * 3_600_000;

export function connectionView(connection: ConnectionSeed, book: SyncBook, createdAtMs: number, nowMs: number): Json {
  const { problem } = connection;
  return {
    created_at: iso(createdAtMs),
    modified_at: null,
    id: connection.id,
    is_authentication_pending: connection.authenticationPending,
    is_running_setup: connection.runningSetup,
    is_sync_disabled: connection.syncDisabled,
    health: {
      authentication_required: problem !== null,
      message: problem?.message ?? "ok",
      healthy: problem === null,
      status_code: problem?.statusCode ?? "healthy",
      suggested_resolution: problem?.resolution ?? "",
      timestamp: iso(nowMs - (nowMs % 60_000)),
    },
    models: connection.models.map((model) => modelView(model, connection, book, createdAtMs, nowMs)),
    // The vendor's page goes on beyond what is readable: clients must live with fields they do not know.
    name: connection.name,
    object: "connection",
  };
}

export function syncView(sync: ModelSync, nowMs: number): Json {
  const age = ageMs(sync, nowMs);
  const stage = stageAt(sync.stages, age);
  const startedMs = firstRunMs(sync.stages);
  const moment = (lifeMs: number): string => iso(sync.createdAtMs + lifeMs / sync.pace);
  return {
    created_at: iso(sync.createdAtMs),
    modified_at: stage.fromMs === 0 ? null : moment(stage.fromMs),
    id: sync.id,
    status: stage.status,
    attempt: stage.attempt,
    batch_id: sync.batchId,
    completed_at: isOver(sync.stages, age) ? moment(stage.fromMs) : null,
    entity_id: sync.entityId,
    error: stage.error,
    file_id: sync.fileId,
    is_initial_sync: sync.initial,
    is_one_off: sync.oneOff,
    model_id: sync.modelId,
    pagination_state: stage.status === "running" ? { page: 1 + Math.floor((age - stage.fromMs) / 500) } : {},
    started_at: startedMs !== null && age >= startedMs ? moment(startedMs) : null,
    timerange_end: iso(sync.createdAtMs),
    timerange_start: sync.initial ? null : iso(sync.createdAtMs - DAY_MS),
    object: "sync",
  };
}

function modelView(
  model: ModelSeed,
  connection: ConnectionSeed,
  book: SyncBook,
  createdAtMs: number,
  nowMs: number,
): Json {
  const last = book.last(model.id, nowMs);
  const nextAtMs = book.nextAtMs(model.id, nowMs);
  return {
    created_at: iso(createdAtMs),
    modified_at: null,
    id: model.id,
    name: model.name,
    display_name: model.displayName,
    connection_id: connection.id,
    is_read_enabled: model.readEnabled,
    is_write_enabled: false,
    is_custom_object: false,
    is_file_upload_enabled: model.fileUpload,
    is_webhooks_setup: false,
    is_read_supported: true,
    is_write_supported: false,
    is_sync_supported: model.syncSupported,
    next_sync_at: nextAtMs === null ? null : iso(nextAtMs),
    last_sync: last === null ? null : syncView(last, nowMs),
    object: "model",
  };
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}
