// Which known name a misspelt one was meant to be.

/** So many letters may be wrong, missing or too many; short names are too like each other for that. */
const MOST_MISTAKES = 2;
const SHORTEST = 4;

/** @returns null when none is near enough */
export function nearestName(given: string, known: readonly string[]): string | null {
  if (given.length < SHORTEST) return null;
  const plain = given.toLowerCase();
  const ranked = known
    .map((name) => ({ name, mistakes: mistakesIn(plain, name.toLowerCase()) }))
    .toSorted((one, other) => one.mistakes - other.mistakes);
  const [nearest] = ranked;
  return nearest !== undefined && nearest.mistakes <= MOST_MISTAKES ? nearest.name : null;
}

/** Levenshtein's distance, row by row. */
function mistakesIn(given: string, meant: string): number {
  if (Math.abs(given.length - meant.length) > MOST_MISTAKES) return Number.POSITIVE_INFINITY;
  let above = Array.from({ length: meant.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...given].entries()) {
    const row = [index + 1];
    for (const [at, other] of [...meant].entries()) {
      const replaced = (above[at] ?? 0) + (letter === other ? 0 : 1);
      row.push(Math.min(replaced, (row[at] ?? 0) + 1, (above[at + 1] ?? 0) + 1));
    }
    above = row;
  }
  return above.at(-1) ?? 0;
}
