// RootFi's adapter, in either version, at a fake vendor that answers what a test says.
import type { Clock } from "../../../src/domain/clock.ts";
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import type { ApiVersion } from "../../../src/providers/rootfi/versions.ts";
import { adapterWithReplies, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type { AdapterWithReplies, RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { conformance, v4 } from "./conformance.ts";

export type AtRootfi = AdapterWithReplies;

export interface AtRootfiOptions {
  /** Default v3. */
  readonly version?: ApiVersion;
  /** How often one request may be sent; default once. */
  readonly tries?: number;
  readonly clock?: Clock;
}

export const atRootfi = (
  replies: readonly RecordedReply[],
  { version = "v3", tries = 1, clock }: AtRootfiOptions = {},
): Promise<AtRootfi> =>
  adapterWithReplies(version === "v4" ? v4 : conformance, replies, {
    limits: { tries },
    ...(clock === undefined ? {} : { clock }),
  });

export const settingsFor = (baseUrl: string | null, changes: Partial<ProviderSettings> = {}): ProviderSettings =>
  settingsOf(conformance, { baseUrl, ...changes });
