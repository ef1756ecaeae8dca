// Planted: a value imported for its type alone, and not marked so.
import { target } from "../domain/target.ts";

export type Planted = typeof target;
