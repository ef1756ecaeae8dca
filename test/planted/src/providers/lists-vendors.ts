// Planted: no list of vendors is kept by hand.
import { target } from "./acme/target.ts";

export const planted = target;
