// Planted: tracking imports domain only.
import { target } from "../providers/acme/target.ts";

export const planted = target;
