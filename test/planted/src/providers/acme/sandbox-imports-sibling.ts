// Planted: a sandbox never imports a sibling vendor.
import { target } from "../globex/target.ts";

export const planted = target;
