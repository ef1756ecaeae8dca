// Planted: a provider imports wire and domain only.
import { target } from "../../store/target.ts";

export const planted = target;
