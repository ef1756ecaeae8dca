// JSON values as vendors send them and clients give them.

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * The path of a number that JSON's readers change in silence: an integer beyond 2^53 - 1, which may be the neighbour of what was written,
 * or an infinity, which was a number too large and would be written as null.
 *
 * @returns names and positions from the outside in; null when there is none
 */
export function inexactNumber(value: unknown): readonly (string | number)[] | null {
  interface Place {
    readonly value: unknown;
    readonly name: string | number | null;
    readonly within: Place | null;
  }
  const places: Place[] = [{ value, name: null, within: null }];
  // Not by recursion: what clients send may be nested as deep as its size allows.
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value: found } = place;
    if (typeof found === "number" && isInexact(found)) return pathOf(place);
    if (typeof found !== "object" || found === null) continue;
    const within = place;
    const entries = Array.isArray(found) ? found.entries() : Object.entries(found);
    for (const [name, inner] of entries) places.push({ value: inner, name, within });
  }
  return null;

  function pathOf(place: Place): readonly (string | number)[] {
    const path: (string | number)[] = [];
    for (let at: Place | null = place; at !== null; at = at.within) if (at.name !== null) path.unshift(at.name);
    return path;
  }
}

const isInexact = (number: number): boolean =>
  !Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number));
