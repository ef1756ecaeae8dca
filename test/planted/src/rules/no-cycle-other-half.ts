// Planted: the other half of the cycle.
import { planted } from "./no-cycle.ts";

export const half = (): number => planted();
