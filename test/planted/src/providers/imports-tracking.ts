// Planted: what stands beside the vendor folders imports wire and domain only.
import { target } from "../tracking/target.ts";

export const planted = target;
