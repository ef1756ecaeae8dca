// What a provider's definitions can be changed in, for the answer to somebody who asked for something else.
import { ErrorCode, type UserProblem } from "../domain/errors.ts";
import { shownKeyOf } from "../domain/gateway-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";

/** @param what the caller asked for, as `delete sync jobs` */
export function cannot({ info, provider }: ConfiguredProvider, what: string, field: readonly string[]): UserProblem {
  const { modelSyncs, syncJobs, schedules } = provider.editors ?? {};
  const able = [
    ...(modelSyncs === undefined ? [] : ["create, change and delete model syncs"]),
    ...(syncJobs?.create === undefined ? [] : ["create sync jobs"]),
    ...(syncJobs === undefined ? [] : ["change sync jobs"]),
    ...(syncJobs?.delete === undefined ? [] : ["delete sync jobs"]),
    ...(schedules === undefined ? [] : ["schedule and unschedule sync jobs"]),
  ];
  const instead = able.length === 0 ? "change nothing: its definitions are kept at the vendor" : able.join(", ");
  return {
    code: ErrorCode.CapabilityNotSupported,
    message: `${shownKeyOf(info)}: ${info.displayName} cannot ${what} through its API; there the gateway can ${instead}.`,
    field,
  };
}
