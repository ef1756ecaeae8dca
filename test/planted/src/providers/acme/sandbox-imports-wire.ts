// Planted: a sandbox imports domain only.
import { target } from "../../wire/target.ts";

export const planted = target;
