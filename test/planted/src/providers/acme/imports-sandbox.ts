// Planted: the adapter never imports its sandbox.
import { target } from "./sandbox-target.ts";

export const planted = target;
