// Planted: two modules that import each other; this is one of them.
import { half } from "./no-cycle-other-half.ts";

export const planted = (): number => half();
