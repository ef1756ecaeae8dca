// Planted: an import of types alone is an edge too.
import type { target } from "../store/target.ts";

export type Planted = typeof target;
