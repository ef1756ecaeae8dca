// How often properties are tried. In every run of the tests it takes seconds; `npm run test:properties` tries much more, with a new seed.

/** Whole number from the environment, or what to take without one. */
function fromEnvironment(name: string, otherwise: number): number {
  const given = process.env[name];
  if (given === undefined) return otherwise;
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${name}: expected a whole number, got ${given}`);
  return number;
}

const FACTOR = fromEnvironment("PROPERTY_FACTOR", 1);
/** fast-check tells the seed of what it finds: PROPERTY_SEED tries the same again. */
const SEED = fromEnvironment("PROPERTY_SEED", FACTOR > 1 ? Date.now() % 2 ** 31 : 20_261_128);

/** Settings for `fc.assert`. @param runs in an everyday run; a long one multiplies them */
export const tried = (runs: number) => ({ seed: SEED, numRuns: runs * FACTOR });

/** How long a test of a property may take. @param ms in an everyday run */
export const lasting = (ms: number): number => ms * FACTOR;
