// One Stuut tenant behind the provider port. One list answers every question but a start; its endpoints are in `api.ts`.
import { lastMomentOf, type Clock } from "../../domain/clock.ts";
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import { ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import type {
  CallOptions,
  Capabilities,
  MissingRun,
  ObserveResult,
  RunRef,
  StartRequest,
  SyncProvider,
} from "../../domain/provider-port.ts";
import { ObservationSource } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { inParts } from "../../wire/pages.ts";
import { notFound, providerFailure } from "../../wire/provider-failure.ts";
import { badResponse } from "../../wire/read-reply.ts";
import type { Redactor } from "../../wire/redact.ts";
import { stuutApi } from "./api.ts";
import { goesOn, observationOf } from "./map.ts";
import { linkedAccountOf, modelNameOf, syncJobOf } from "./map-catalog.ts";
import type { StuutConnection, StuutModel, StuutSync } from "./wire-types.ts";

export interface StuutTools {
  readonly key: string;
  readonly capabilities: Capabilities;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

export function stuutProvider({ key, capabilities, http, clock, redact }: StuutTools): SyncProvider {
  const api = stuutApi(http, key);
  /** All that one answer tells was observed at one moment. */
  const observer = (source: ObservationSource): ((seen: Seen) => Observation) => {
    const observedAt = clock.now();
    return ({ connection, model, sync }) =>
      observationOf(sync, { source, observedAt, connectionId: connection.id, modelName: modelNameOf(model), redact });
  };

  /** Syncs that somebody may have asked for since then, of this connection. */
  function askedSince(connections: readonly StuutConnection[], connectionId: string, sentAt: Date): readonly Seen[] {
    const { earliest } = http.theirTimes(sentAt);
    const isYoung = ({ created_at: at }: StuutSync): boolean => !(at instanceof Date) || lastMomentOf(at) >= earliest;
    return connections
      .filter(({ id }) => id === connectionId)
      .flatMap(latestSyncs)
      .filter(({ sync }) => sync.is_one_off !== false && isYoung(sync));
  }

  /**
   * What an answer that schedules nothing means: syncs that go on have kept it back, or it is not true.
   *
   * @throws ProviderError `PROVIDER_CONFLICT`, one that leaves a doubt when syncs may have begun all the same; or `PROVIDER_BAD_RESPONSE` when
   * that cannot be read
   */
  async function checkNothing(connectionId: string, sentAt: Date, options?: CallOptions): Promise<void> {
    const connections = await readAgain(options);
    const own = connections.filter(({ id }) => id === connectionId).flatMap(latestSyncs);
    const mayHaveBegun = askedSince(connections, connectionId, sentAt).length > 0;
    if (mayHaveBegun || own.some(({ sync }) => goesOn(sync))) throw keptBack(key, mayHaveBegun);
  }

  /** @throws ProviderError when a sync is of another connection's model: the answer is about something else */
  async function checkModels(syncs: readonly StuutSync[], request: StartRequest, options?: CallOptions): Promise<void> {
    if (syncs.every((sync) => knownNameOf(sync, request) !== null)) return;
    const others = (await readAgain(options)).filter(({ id }) => id !== request.definition.remoteId);
    const theirs = new Set(others.flatMap(({ models }) => models.map(({ id }) => id)));
    if (syncs.some(({ model_id: id }) => typeof id === "string" && theirs.has(id)))
      throw untrue(key, "syncs of another connection");
  }

  /** After a start was answered: a list that cannot be read leaves the start in doubt. */
  async function readAgain(options?: CallOptions): Promise<readonly StuutConnection[]> {
    try {
      return await api.connections(options?.signal);
    } catch (error) {
      throw error instanceof ProviderError ? untrue(key, "an answer that could not be compared with the list") : error;
    }
  }

  return {
    key,
    kind: "stuut",
    capabilities,

    async *listLinkedAccounts(options) {
      for await (const part of api.readableConnections(options?.signal))
        yield part.map((connection) => linkedAccountOf(connection, redact));
    },

    async *listDefinitions(options) {
      for await (const part of api.readableConnections(options?.signal)) yield part.map(syncJobOf);
    },

    async getDefinition(remoteId, kind, options) {
      const asked = kind === DefinitionKind.SyncJob;
      const connections = asked ? await api.connections(options?.signal) : [];
      const connection = connections.find(({ id }) => id === remoteId);
      if (connection === undefined) throw notFound(key, `sync job ${JSON.stringify(remoteId.slice(0, 64))}`, asked);
      return syncJobOf(connection);
    },

    checkStart,

    async start(request, _triggerKey, options) {
      const { remoteId: connectionId } = request.definition;
      const sentAt = clock.now();
      const syncs = await api.requestSync(connectionId, options?.signal);
      const observedAt = clock.now();
      if (syncs.length === 0) await checkNothing(connectionId, sentAt, options);
      else await checkModels(syncs, request, options);
      return syncs.map((sync) => {
        const sighting = { source: ObservationSource.Trigger, observedAt, connectionId, redact };
        return observationOf(sync, { ...sighting, modelName: knownNameOf(sync, request) });
      });
    },

    async findStarted(request, sentAt, options) {
      const connections = await api.connections(options?.signal);
      const observe = observer(ObservationSource.Trigger);
      return askedSince(connections, request.definition.remoteId, sentAt).map((seen) => ({
        ...observe(seen),
        // That somebody asked for it is all a sync tells of how it was asked for.
        ...(seen.sync.is_one_off === true ? { asAsked: true } : {}),
      }));
    },

    theirTimes: (ours) => http.theirTimes(ours),

    async observe(refs, { signal }) {
      if (refs.length === 0) return { observations: [], missing: [] };
      const connections: StuutConnection[] = [];
      try {
        for await (const part of api.readableConnections(signal)) for (const one of part) connections.push(one);
      } catch (error) {
        const { observations } = match(refs, connections, observer(ObservationSource.Poll));
        // A run that is not seen may be one of a connection that could not be read.
        if (isUnreadable(error) && observations.length > 0) return { observations, missing: [] };
        throw error;
      }
      return match(refs, connections, observer(ObservationSource.Poll));
    },

    async *discover(since, _definitions, options) {
      const observe = observer(ObservationSource.Discovery);
      for await (const connections of api.readableConnections(options?.signal, options?.onUnreadable)) {
        const theirSince = http.theirTime(since);
        for await (const part of inParts(connections.flatMap(latestSyncs))) {
          const recent = part.filter(({ sync }) => changedSince(sync, theirSince));
          if (recent.length > 0) yield recent.map(observe);
        }
      }
    },

    close: () => http.close(),
  };
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof ProviderError && error.code === ErrorCode.ProviderBadResponse;

/** A model's latest sync and where it was seen. */
interface Seen {
  readonly connection: StuutConnection;
  readonly model: StuutModel;
  readonly sync: StuutSync;
}

function latestSyncs(connection: StuutConnection): readonly Seen[] {
  return connection.models.flatMap((model) =>
    model.last_sync === null ? [] : [{ connection, model, sync: model.last_sync }],
  );
}

/**
 * Finds runs among the models' latest syncs, by id and never by model: a newer sync takes the place of the one before it. Its status is
 * not the older run's, so that one is reported as replaced and the newer as itself.
 */
function match(
  refs: readonly RunRef[],
  connections: readonly StuutConnection[],
  observe: (seen: Seen) => Observation,
): ObserveResult {
  const seenById = new Map(connections.flatMap(latestSyncs).map((seen) => [seen.sync.id, seen]));
  const told = new Map<string, Seen>();
  const missing: MissingRun[] = [];
  for (const ref of refs) {
    const seen = seenById.get(ref.remoteId);
    if (seen !== undefined) {
      told.set(seen.sync.id, seen);
      continue;
    }
    const newer = connections
      .filter((connection) => connection.id === connectionIdOf(ref))
      .flatMap((connection) => newerSyncs(connection, ref));
    for (const replacement of newer) told.set(replacement.sync.id, replacement);
    missing.push({
      remoteId: ref.remoteId,
      reason: newer.length > 0 ? MissingReason.Replaced : MissingReason.NotFound,
    });
  }
  return { observations: [...told.values()].map(observe), missing };
}

/** Syncs that took a run's place. An older one did not: then the list is only behind, or the run is gone. */
function newerSyncs(connection: StuutConnection, ref: RunRef): readonly Seen[] {
  return latestSyncs(connection).filter(
    ({ model, sync }) =>
      (ref.models.includes(modelNameOf(model)) || ref.models.includes(model.id)) &&
      (sync.created_at ?? ref.createdAt) >= ref.createdAt,
  );
}

const connectionIdOf = (ref: RunRef): string | null => ref.definitionRemoteId ?? ref.linkedAccountRemoteId;

/** A sync without times counts as changed: repeating a known run is harmless, missing one is not. */
function changedSince(sync: StuutSync, since: Date): boolean {
  const times = [sync.created_at, sync.modified_at, sync.started_at, sync.completed_at].filter(
    (time) => time instanceof Date,
  );
  return times.length === 0 || times.some((time) => time >= since);
}

/** A start's answer has the model's id only; the definition knows its name. */
function knownNameOf(sync: StuutSync, { definition }: StartRequest): string | null {
  if (definition.kind !== DefinitionKind.SyncJob) return null;
  return (
    definition.resources.find((resource) => resource.remoteId !== null && resource.remoteId === sync.model_id)?.name ??
    null
  );
}

/**
 * A start that schedules nothing while syncs go on was kept back by them: the vendor does not say what else it could mean (inferred).
 *
 * @param isDoubtful whether those syncs may be the start's own
 */
function keptBack(key: string, isDoubtful: boolean): ProviderError {
  const sentence = "nothing was scheduled, because syncs of the connection go on";
  const facts = { httpStatus: 200, retryable: isDoubtful, sent: true };
  return providerFailure(sentence, { code: ErrorCode.ProviderConflict, provider: key, ...facts });
}

/** An answer that is not true: what became of the start must be looked for. */
function untrue(provider: string, got: string): ProviderError {
  const source = { provider, request: "request sync", httpStatus: 200 };
  return badResponse(source, { field: "body", expected: "the syncs that the request began", got });
}

/** A trigger is pointless while the connection must be signed in to, or its syncs are disabled. */
function checkStart({ definition, linkedAccount }: StartRequest): readonly UserProblem[] {
  const field = ["definitionId"];
  const message = linkedAccount?.statusMessage;
  switch (linkedAccount?.status) {
    case LinkedAccountStatus.AuthenticationRequired: {
      const sentence = message ?? "The connection must be authenticated in Stuut before it can sync.";
      return [{ code: ErrorCode.LinkedAccountUnavailable, message: sentence, field }];
    }
    case LinkedAccountStatus.Disabled:
      return [{ code: ErrorCode.DefinitionInactive, message: message ?? DISABLED, field }];
    default:
      return definition.active === false ? [{ code: ErrorCode.DefinitionInactive, message: DISABLED, field }] : [];
  }
}

const DISABLED = "Syncs of the connection are disabled in Stuut.";
