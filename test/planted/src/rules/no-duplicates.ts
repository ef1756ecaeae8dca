// Planted: one module imported twice.
import { target } from "../domain/target.ts";
import { target as again } from "../domain/target.ts";

export const planted = [target, again];
