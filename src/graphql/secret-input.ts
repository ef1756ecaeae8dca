// A secret that goes to a vendor through a mutation comes back in no words: neither the vendor's nor the gateway's own.
import { GatewayError, ProviderError, type UserProblem } from "../domain/errors.ts";

const HELD_BACK = "The words of this failure are held back, because they quote a secret of the input.";

/** Does the work with a secret in its input. A problem or a failure that quotes the secret keeps its facts and loses its words. */
export async function withSecret<Result extends { readonly problems: readonly UserProblem[] }>(
  secret: string | null | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!secret) return work();
  // Vendors quote what they refuse, as it is or as it stood in the JSON.
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  const quoted = (message: string): boolean => forms.some((form) => message.includes(form));
  try {
    const result = await work();
    const problems = result.problems.map((one) => (quoted(one.message) ? { ...one, message: HELD_BACK } : one));
    return { ...result, problems };
  } catch (error) {
    if (error instanceof Error && quoted(error.message)) throw wordless(error);
    throw error;
  }
}

/** The same facts. The cause may quote the secret as well and goes too. */
function wordless(error: Error): Error {
  if (error instanceof ProviderError) {
    const { code, provider, httpStatus, retryable, retryAfterMs, sent } = error;
    return new ProviderError(`${provider}: ${HELD_BACK}`, {
      code,
      provider,
      httpStatus,
      retryable,
      retryAfterMs,
      sent,
    });
  }
  return error instanceof GatewayError ? new GatewayError(error.code, HELD_BACK) : new Error(HELD_BACK);
}
