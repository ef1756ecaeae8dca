// The code of the error that some work throws; whatever else happens comes back as it is, for the assertion to show.
import { GatewayError } from "../../src/domain/errors.ts";

export function thrownCode(work: () => unknown): unknown {
  try {
    return { returned: work() };
  } catch (error) {
    return error instanceof GatewayError ? error.code : error;
  }
}
