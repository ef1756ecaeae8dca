// Planted: a sandbox never imports the adapter beside it.
import { target } from "./target.ts";

export const planted = target;
