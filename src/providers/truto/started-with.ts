// The arguments a run was started with, read back so that the run can be started again.
import type { JsonValue } from "../../domain/json.ts";
import type { CallOptions, RunRef } from "../../domain/provider-port.ts";
import type { StartOptions } from "../../domain/sync.ts";
import { isAsSent } from "../../wire/foreign-text.ts";
import { badResponse } from "../../wire/read-reply.ts";
import type { RunTools } from "./runs.ts";
import { isJsonObject, jsonOf } from "./wire-types.ts";

/** Null and left out are no arguments. */
export async function startedWith(
  { api, provider }: RunTools,
  { remoteId }: RunRef,
  { signal }: CallOptions = {},
): Promise<Pick<StartOptions, "args">> {
  const run = await api.run(remoteId, signal);
  const args = jsonOf(run.args);
  if (args === null || args === undefined) return {};
  const source = { provider, request: "GET /sync-job-run", httpStatus: 200 };
  if (!isJsonObject(args)) throw badResponse(source, { field: "args", expected: "an object", got: "another value" });
  // What was made visible, or hidden as a secret, is not what the vendor was sent.
  if (!textsOf(args).every(isAsSent))
    throw badResponse(source, { field: "args", expected: "texts as they were sent", got: "some that are not shown" });
  return { args };
}

function textsOf(value: JsonValue): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(textsOf)];
}
