// Planted: a re-export is an edge too.
export { target } from "../store/target.ts";
