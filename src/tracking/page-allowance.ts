// How many pages a look for runs may take: a share of the provider's quota (decision 0009).
import type { PageAllowance } from "../domain/provider-port.ts";
import type { ConfiguredProvider } from "./provider-directory.ts";

export interface Allowance extends PageAllowance {
  taken(): number;
  left(): number;
}

/** Pages of a look besides the first of each list: a quarter of the quota, within these bounds. */
const FEWEST_PAGES = 8;
const MOST_PAGES = 50;

export function allowance(pages: number): Allowance {
  let taken = 0;
  return {
    take: () => {
      if (taken >= pages) return false;
      taken += 1;
      return true;
    },
    taken: () => taken,
    left: () => pages - taken,
  };
}

/** Pages of one look. */
export function pagesOf({ rateLimit, poll }: ConfiguredProvider): number {
  const quarter = (rateLimit.requests * poll.discoverMs) / rateLimit.perMs / 4;
  return Math.round(Math.min(Math.max(quarter, FEWEST_PAGES), MOST_PAGES));
}
