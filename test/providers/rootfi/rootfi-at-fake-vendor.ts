// RootFi's adapter at a fake vendor that answers what a test says.
import type { ProviderSettings } from "../../../src/domain/provider-port.ts";
import { adapterWithReplies, settingsOf } from "../../support/adapter-at-fake-vendor.ts";
import type { AdapterWithReplies, RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { conformance } from "./conformance.ts";

export type AtRootfi = AdapterWithReplies;

/** @param tries how often one request may be sent */
export const atRootfi = (replies: readonly RecordedReply[], tries = 1): Promise<AtRootfi> =>
  adapterWithReplies(conformance, replies, { limits: { tries } });

export const settingsFor = (baseUrl: string | null, changes: Partial<ProviderSettings> = {}): ProviderSettings =>
  settingsOf(conformance, { baseUrl, ...changes });
