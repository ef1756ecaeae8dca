// Planted: graphql imports domain only.
import { target } from "../store/target.ts";

export const planted = target;
