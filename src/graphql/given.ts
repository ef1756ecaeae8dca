// What a caller gave, told from what was left out: undefined was left out, null says "none".

export const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

export type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

export function dropUndefined<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** The value in the domain's words; what was left out and what is none stay that. */
export function mapGiven<Given, Mapped>(
  value: Given | null | undefined,
  map: (value: Given) => Mapped,
): Mapped | null | undefined {
  return isGiven(value) ? map(value) : value;
}

/** The list in the domain's words. A list of none is an empty one. */
export function listGiven<Given, Mapped>(
  values: readonly Given[] | null | undefined,
  map: (value: Given) => Mapped,
): readonly Mapped[] | undefined {
  return values === undefined ? undefined : (values ?? []).map(map);
}
