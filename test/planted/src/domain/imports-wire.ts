// Planted: domain imports nothing of ours.
import { target } from "../wire/target.ts";

export const planted = target;
