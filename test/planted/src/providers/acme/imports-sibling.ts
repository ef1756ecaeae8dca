// Planted: a provider never imports a sibling.
import { target } from "../globex/target.ts";

export const planted = target;
