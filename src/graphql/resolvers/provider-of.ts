// The provider an object belongs to, also when it is not configured any more.
import { NO_CAPABILITIES } from "../../domain/removed-provider.ts";
import { providerInfo, type GatewayContext } from "../context.ts";
import { ProviderType } from "../types/provider.ts";

/** @param key what the store knows it by */
export function providerOf(context: GatewayContext, key: string): ProviderType {
  const nobody = { key, kind: "removed", displayName: key, sandbox: false, capabilities: NO_CAPABILITIES };
  return ProviderType.from(providerInfo(context, key) ?? nobody);
}
