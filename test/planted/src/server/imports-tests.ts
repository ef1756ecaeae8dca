// Planted: what is shipped does not import what checks it.
import { target } from "../../../../test/planted/src/domain/target.ts";

export const planted = target;
