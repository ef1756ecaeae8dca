// Failures of calls made fit to be told: what has not been sent, and without texts that may be secrets.
import { ProviderError } from "../../domain/errors.ts";
import { failureWith } from "../../wire/provider-failure.ts";
import { createRedactor } from "../../wire/redact.ts";

/** For what is read before something is changed: its failure has changed nothing, although a request was sent. */
export async function notYetSent<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw failureWith(error, { sent: false, cause: error });
  }
}

/** A refusal may repeat what it refuses: a run's argument or a node's header, which may be a secret. */
export async function withoutTexts<Value>(calling: Promise<Value>, texts: readonly string[]): Promise<Value> {
  try {
    return await calling;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const message = createRedactor(texts)(error.message);
    // The cause may quote it too.
    throw message === error.message ? error : failureWith(error, { message, cause: undefined });
  }
}
