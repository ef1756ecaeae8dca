// RootFi's two API versions: what differs between them, as data. Their endpoints are in `api.ts` (v3) and `api-v4.ts`.
import { ScheduleFrequency } from "../../domain/definition.ts";
import type { Capabilities } from "../../domain/provider-port.ts";

export const ApiVersion = { V3: "v3", V4: "v4" } as const;
export type ApiVersion = (typeof ApiVersion)[keyof typeof ApiVersion];

export interface VersionFacts {
  /** The vendor's public address. */
  readonly baseUrl: string;
  /** Where they differ from v3's. */
  readonly capabilities: Partial<Capabilities>;
  /** Whether a start must name data models; else RootFi takes those of its sync config. */
  readonly startNamesModels: boolean;
  /** How often a data model may be synced by itself, and the vendor's word for it. MANUAL is never. */
  readonly frequencies: ReadonlyMap<ScheduleFrequency, string>;
}

const { Hourly, Daily, Weekly, Monthly, Yearly, Manual } = ScheduleFrequency;
const SHARED = [
  [Daily, "DAILY"],
  [Weekly, "WEEKLY"],
  [Monthly, "MONTHLY"],
  [Yearly, "YEARLY"],
] as const;

export const VERSIONS: Readonly<Record<ApiVersion, VersionFacts>> = {
  v3: {
    baseUrl: "https://api.rootfi.dev/v3",
    capabilities: {},
    startNamesModels: true,
    frequencies: new Map(SHARED),
  },
  v4: {
    baseUrl: "https://api.rootfi.dev/v4",
    capabilities: { cancel: true },
    startNamesModels: false,
    frequencies: new Map([[Hourly, "HOURLY"], ...SHARED, [Manual, "NEVER"]]),
  },
};

/** The version of that name; null when there is none. */
export const versionNamed = (name: string): ApiVersion | null =>
  Object.values(ApiVersion).find((version) => version === name) ?? null;
