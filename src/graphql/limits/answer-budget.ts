// How many bytes an answer may have. Large values are counted when they are resolved, so that an answer that grows too large is given up
// before it is in memory as a whole; what it really has is counted when it is sent.
import { LimitCode, LimitError, counted } from "./limit-error.ts";
import { LIMITS } from "./limits.ts";

export interface AnswerBudget {
  /**
   * Counts a JSON value that will stand in the answer.
   *
   * @throws LimitError when that makes it too large
   */
  charge(value: unknown): void;
  /** The error that stands instead of the answer; null while the answer is not too large. */
  exceeded(): LimitError | null;
}

export function createAnswerBudget(): AnswerBudget {
  /** The same value may stand in many places: it is measured once. */
  const measured = new WeakMap<object, number>();
  let bytes = 0;
  let error: LimitError | null = null;

  function sizeOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return jsonBytes(value);
    const size = measured.get(value) ?? jsonBytes(value);
    measured.set(value, size);
    return size;
  }

  return {
    charge(value) {
      bytes += sizeOf(value);
      if (bytes > LIMITS.answerBytes) error ??= answerTooLarge(bytes);
      if (error !== null) throw error;
    },
    exceeded: () => error,
  };
}

/** @param bytes what was counted when it was given up */
export function answerTooLarge(bytes: number): LimitError {
  const message = `The answer has more than ${counted(LIMITS.answerBytes / 1024 / 1024)} MB (${counted(bytes)} bytes were counted), so it is not given. What a mutation was asked to do was done. Ask for fewer objects at once with a smaller \`first\`, or leave out large fields such as \`raw\`.`;
  return new LimitError({ code: LimitCode.Answer, limit: "answerBytes", actual: bytes, message });
}

/** About how many bytes a value has as JSON; never fewer than it has values. */
function jsonBytes(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + 1 + jsonBytes(one), 2);
  return Object.entries(value).reduce((sum, [name, one]) => sum + name.length + 4 + jsonBytes(one), 2);
}
