// An answer of the wire's client for tests that need no wire: its texts are treated as the wire treats them.
import type { HttpResponse } from "../../src/wire/http-client.ts";
import { createForeignText } from "../../src/wire/foreign-text.ts";

const NO_SECRETS = createForeignText([]);

/** @param texts the rule of the provider that is answered */
export function answered(body: unknown, status = 200, texts = NO_SECRETS): HttpResponse {
  return { status, headers: {}, body: texts.value(body), written: { body, texts } };
}
