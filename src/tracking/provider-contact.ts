// Calls to providers, watched: each success and failure is what the gateway knows of a provider's health.
import { steadyClock } from "../domain/steady-clock.ts";
import { ErrorCode, ProviderError } from "../domain/errors.ts";
import { shownKeyOf } from "../domain/gateway-port.ts";
import type { CallOptions } from "../domain/provider-port.ts";
import { ProviderHealth, isFailing, type ProviderState } from "../domain/provider-state.ts";
import { createAccountGate, type AccountGate } from "./account-gate.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";
import type { TrackingTools } from "./tools.ts";
import { unlessGivenUp } from "./unless-given-up.ts";

export interface ProviderContact {
  /**
   * Makes a call and remembers how it went. Passes its result or error on.
   *
   * @param options of the call; that its caller left, or that it was given up, says nothing about the provider
   */
  through<T>(
    tenantId: string,
    configured: ConfiguredProvider,
    call: () => Promise<T>,
    options?: CallOptions,
  ): Promise<T>;
  /** The failure the last contact ended with, as an error; null when the provider answered. */
  outage(tenantId: string, configured: ConfiguredProvider): Promise<ProviderError | null>;
}

/** A success is written down again only after this long: health changes are what matters. */
const SUCCESS_NOTED_EVERY_MS = 10_000;
/** Other gateways' contacts are seen this late. */
const STATE_KEPT_MS = 2_000;

export function createProviderContact(
  { store, clock, log, givenUp }: TrackingTools,
  gate: AccountGate = createAccountGate({ store, clock, log }),
): ProviderContact {
  const steady = steadyClock(clock);
  const known = new Map<string, { readonly state: ProviderState; readonly readAt: number }>();
  const keyOf = (tenantId: string, configured: ConfiguredProvider) => JSON.stringify([tenantId, configured.info.key]);

  async function stateOf(tenantId: string, configured: ConfiguredProvider): Promise<ProviderState> {
    const now = steady.now().getTime();
    const kept = known.get(keyOf(tenantId, configured));
    if (kept !== undefined && now - kept.readAt < STATE_KEPT_MS) return kept.state;
    const state = await store.providerStates.get(tenantId, configured.info.key);
    known.set(keyOf(tenantId, configured), { state, readAt: now });
    return state;
  }

  async function note(tenantId: string, configured: ConfiguredProvider, patch: Partial<ProviderState>): Promise<void> {
    const before = await stateOf(tenantId, configured);
    known.set(keyOf(tenantId, configured), { state: { ...before, ...patch }, readAt: steady.now().getTime() });
    if (before.health !== patch.health) {
      const facts = {
        provider: shownKeyOf(configured.info),
        from: before.health,
        to: patch.health,
        error: patch.lastError?.message,
      };
      if (patch.health === ProviderHealth.Up) log.info(facts, "provider answers");
      else log.warn(facts, "provider does not answer as it should");
    }
    await store.providerStates.patch(tenantId, configured.info.key, patch);
  }

  async function noteSuccess(tenantId: string, configured: ConfiguredProvider): Promise<void> {
    const now = clock.now();
    const { health, lastSuccessAt } = await stateOf(tenantId, configured);
    const agoMs = lastSuccessAt === null ? null : now.getTime() - lastSuccessAt.getTime();
    const notedLately = agoMs !== null && Math.abs(agoMs) < SUCCESS_NOTED_EVERY_MS;
    if (health === ProviderHealth.Up && notedLately) return;
    await note(tenantId, configured, { health: ProviderHealth.Up, lastSuccessAt: now });
  }

  async function noteFailure(tenantId: string, configured: ConfiguredProvider, error: ProviderError): Promise<void> {
    // The gateway's own trouble: the provider was not asked.
    if (error.code === ErrorCode.ServiceUnavailable || error.code === ErrorCode.ProviderAccountChanged) return;
    const health = healthAfter(error.code);
    if (health === ProviderHealth.Up) return noteSuccess(tenantId, configured);
    const { code, message, retryable, retryAfterMs, httpStatus } = error;
    const before = await stateOf(tenantId, configured);
    const now = clock.now();
    const begunMs = isFailing(before.health)
      ? (before.lastError?.sinceMs ?? before.lastFailureAt?.getTime())
      : undefined;
    await note(tenantId, configured, {
      health,
      lastFailureAt: now,
      lastError: { code, message, retryable, retryAfterMs, httpStatus, sinceMs: begunMs ?? now.getTime() },
    });
  }

  return {
    async through(tenantId, configured, call, options) {
      try {
        const result = await unlessGivenUp(givenUp, async () => {
          await gate.pass(tenantId, configured);
          return call();
        });
        await noteSuccess(tenantId, configured);
        return result;
      } catch (error) {
        const left = options?.signal?.aborted ?? false;
        if (error instanceof ProviderError && !left) await noteFailure(tenantId, configured, error);
        throw error;
      }
    },
    async outage(tenantId, configured) {
      const refusal = gate.refusal(tenantId, configured.info.key);
      if (refusal !== null) return refusal;
      const { health, lastError } = await stateOf(tenantId, configured);
      if (lastError === null || !isFailing(health)) return null;
      return new ProviderError(lastError.message, { ...lastError, provider: shownKeyOf(configured.info), sent: true });
    },
  };
}

/** A vendor that refuses one request answers; only these codes say that it does not work as a whole. */
function healthAfter(code: ErrorCode): ProviderHealth {
  if (code === ErrorCode.ProviderAuthFailed) return ProviderHealth.AuthFailed;
  const down: readonly ErrorCode[] = [
    ErrorCode.ProviderUnavailable,
    ErrorCode.ProviderTimeout,
    ErrorCode.ProviderBadResponse,
  ];
  return down.includes(code) ? ProviderHealth.Down : ProviderHealth.Up;
}
