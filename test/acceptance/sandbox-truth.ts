// How a run ended by the vendor's own word, read from its API without the adapter. Which words and counts mean which end is said by the
// vendors' documents; what the gateway says is compared with it.
import { setTimeout as pause } from "node:timers/promises";
import { listOf, objectOf, type Json } from "../support/openapi-examples.ts";
import { vendorSays } from "../support/vendor-truth.ts";
import type { Vendor, VendorServer } from "../support/vendors.ts";
import type { KnownRun } from "./sandbox-runs.ts";

export interface Truth {
  /**
   * `SUCCESS: COMPLETE` and the like; a word of the vendor's for a run that goes on. One, but for runs of Stuut that a newer one replaced:
   * who did not look in time calls them lost.
   */
  endsOf(run: KnownRun): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export function truthOf(vendor: VendorServer): Truth {
  if (vendor.vendor === "stuut") return latestSyncs(vendor);
  const read = READERS[vendor.vendor];
  return { endsOf: async (run) => [await read(vendor, run)], stop: () => Promise.resolve() };
}

const READERS: Readonly<Record<Exclude<Vendor, "stuut">, (vendor: VendorServer, run: KnownRun) => Promise<string>>> = {
  /** v3 has no word for partial: jobs that failed beside the success say it. */
  async rootfi(vendor, { remoteId }) {
    const sync = objectOf(objectOf(await vendorSays(vendor, `/core/syncs/${remoteId}`))["data"]);
    if (sync["status"] === "SUCCESS") return Number(sync["failed_count"]) > 0 ? PARTIAL : COMPLETE;
    return sync["status"] === "FAILED" ? "FAILED: ERROR" : String(sync["status"]);
  },
  async polytomic(vendor, { remoteId, definition }) {
    const path = `/api/syncs/${definition?.remoteId ?? ""}/executions/${remoteId}`;
    const execution = objectOf(objectOf(await vendorSays(vendor, path))["data"]);
    const counts = Object.values(objectOf(execution["counts"])).map(Number);
    if (execution["status"] === "completed" && counts.every((count) => count === 0)) return "SUCCESS: EMPTY";
    if (execution["status"] === "completed")
      return Number(objectOf(execution["counts"])["error"]) > 0 ? PARTIAL : COMPLETE;
    return (
      { failed: "FAILED: ERROR", canceled: CANCELLED, interrupted: "FAILED: INTERRUPTED" }[
        String(execution["status"])
      ] ?? String(execution["status"])
    );
  },
  async truto(vendor, { remoteId }) {
    const run = objectOf(await vendorSays(vendor, `/sync-job-run/${remoteId}`));
    const counters = Object.values(objectOf(run["resource_stats"])).flatMap((methods) =>
      Object.values(objectOf(methods)).map(objectOf),
    );
    const sum = (name: string): number => counters.reduce((total, one) => total + Number(one[name] ?? 0), 0);
    if (run["status"] === "completed")
      return sum("errors") > 0 ? PARTIAL : sum("fetched") > 0 ? COMPLETE : "SUCCESS: EMPTY";
    return { failed: "FAILED: ERROR", stopped: CANCELLED }[String(run["status"])] ?? String(run["status"]);
  },
};

const COMPLETE = "SUCCESS: COMPLETE";
const PARTIAL = "SUCCESS: PARTIAL";
const CANCELLED = "FAILED: CANCELLED";

const STUUT_ENDS: Readonly<Record<string, string>> = {
  complete: COMPLETE,
  failed: "FAILED: ERROR",
  cancelled: CANCELLED,
};

const LOOK_EVERY_MS = 100;
const LOST = "FAILED: LOST";

/** Stuut shows only the latest sync of each model, so what it showed is noted. */
function latestSyncs(vendor: VendorServer): Truth {
  const noted = new Map<string, string>();
  let shown: ReadonlySet<unknown> = new Set();
  const look = async (): Promise<void> => {
    const connections = listOf(await vendorSays(vendor, "/v2/integrations/connections"));
    const syncs = connections.flatMap((connection) => listOf(connection["models"])).map(lastSyncOf);
    for (const sync of syncs) noted.set(String(sync["id"]), String(sync["status"]));
    shown = new Set(syncs.map((sync) => sync["id"]));
  };
  let stopped = false;
  const noting = (async () => {
    while (!stopped) {
      // A look that a busy machine breaks is made good by the next.
      await look().catch(() => undefined);
      await pause(LOOK_EVERY_MS);
    }
  })();
  return {
    async endsOf({ remoteId }) {
      await look();
      const word = noted.get(remoteId) ?? "never shown";
      const end = STUUT_ENDS[word];
      if (shown.has(remoteId)) return [end ?? word];
      // Replaced right after its end, which was shown to whoever looked in between: what the sandbox replaces ends well.
      return [LOST, end ?? COMPLETE];
    },
    async stop() {
      stopped = true;
      await noting;
    },
  };
}

const lastSyncOf = (model: Json): Json => objectOf(model["last_sync"]);
