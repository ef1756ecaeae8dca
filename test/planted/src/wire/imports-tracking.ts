// Planted: wire imports domain only.
import { target } from "../tracking/target.ts";

export const planted = target;
