// One Acme workspace behind the provider port. Its endpoints are in `api.ts`, what answers mean in `map.ts`.
import type { Clock } from "../../domain/clock.ts";
import { DefinitionKind, LinkedAccountStatus } from "../../domain/definition.ts";
import { ErrorCode } from "../../domain/errors.ts";
import type { UserProblem } from "../../domain/errors.ts";
import { MissingReason } from "../../domain/provider-port.ts";
import type { Capabilities, StartRequest, SyncProvider } from "../../domain/provider-port.ts";
import { ObservationSource } from "../../domain/status.ts";
import type { Observation } from "../../domain/sync.ts";
import type { HttpClient } from "../../wire/http-client.ts";
import { notFound } from "../../wire/provider-failure.ts";
import type { Redactor } from "../../wire/redact.ts";
import { acmeApi } from "./api.ts";
import { linkedAccountOf, observationOf, syncJobOf } from "./map.ts";
import type { AcmeRun } from "./wire-types.ts";

export interface AcmeTools {
  readonly key: string;
  readonly capabilities: Capabilities;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** For the vendor's free texts. */
  readonly redact: Redactor;
}

/** How far the vendor's clock may be behind what its answers tell of it, for a start to be recognised. */
const CLOCK_SLACK_MS = 5_000;

export function acmeProvider({ key, capabilities, http, clock, redact }: AcmeTools): SyncProvider {
  const api = acmeApi(http, key);
  /** All that one answer tells was observed at one moment. */
  const observed = (runs: readonly AcmeRun[], source: ObservationSource): readonly Observation[] => {
    const observedAt = clock.now();
    return runs.map((run) => observationOf(run, { source, observedAt, redact }));
  };

  return {
    key,
    kind: "acme",
    capabilities,

    async *listLinkedAccounts(options) {
      const seen = new Set<string>();
      for await (const page of api.pipelines(options?.signal)) {
        // Several pipelines may run for one account.
        const accounts = new Map(page.map(({ account }) => [account.id, account]));
        const fresh = [...accounts.values()].filter(({ id }) => !seen.has(id));
        for (const { id } of fresh) seen.add(id);
        yield fresh.map(linkedAccountOf);
      }
    },

    async *listDefinitions(options) {
      for await (const page of api.pipelines(options?.signal)) yield page.map(syncJobOf);
    },

    async getDefinition(remoteId, kind, options) {
      if (kind !== DefinitionKind.SyncJob) throw notFound(key, "model sync at Acme", false);
      return syncJobOf(await api.pipeline(remoteId, options?.signal));
    },

    checkStart,

    async start({ definition, options: { fullRefresh = false } }, _triggerKey, options) {
      const run = await api.startRun(definition.remoteId, fullRefresh, options?.signal);
      return observed([run], ObservationSource.Trigger);
    },

    async findStarted({ definition }, sentAt, options) {
      const earliest = http.theirTime(new Date(sentAt.getTime() - CLOCK_SLACK_MS));
      const started: AcmeRun[] = [];
      for await (const page of api.runsSince(earliest, options?.signal)) {
        const fresh = page.filter((run) => run.created_at >= earliest && run.trigger !== "schedule");
        started.push(...fresh.filter((run) => run.pipeline_id === definition.remoteId));
      }
      return observed(started, ObservationSource.Trigger);
    },

    async observe(refs, { signal }) {
      const ids = refs.map(({ remoteId }) => remoteId);
      const runs = await api.runs(ids, signal);
      const known = new Set(runs.map(({ id }) => id));
      const missing = ids.filter((id) => !known.has(id));
      return {
        observations: observed(runs, ObservationSource.Poll),
        missing: missing.map((remoteId) => ({ remoteId, reason: MissingReason.NotFound })),
      };
    },

    async *discover(since, _definitions, options) {
      for await (const page of api.runsSince(http.theirTime(since), options?.signal))
        yield observed(page, ObservationSource.Discovery);
    },

    close: () => http.close(),
  };
}

/** A start is pointless while the pipeline is switched off, or its account must be connected again. */
function checkStart({ definition, linkedAccount }: StartRequest): readonly UserProblem[] {
  const field = ["definitionId"];
  if (definition.active === false) {
    return [{ code: ErrorCode.DefinitionInactive, message: "The pipeline is disabled in Acme.", field }];
  }
  if (linkedAccount?.status === LinkedAccountStatus.AuthenticationRequired) {
    const message = "The pipeline's account must be connected again in Acme.";
    return [{ code: ErrorCode.LinkedAccountUnavailable, message, field }];
  }
  return [];
}
