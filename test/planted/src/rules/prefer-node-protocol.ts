// Planted: a built-in module that looks like a package.
import { sep } from "path";

export const planted = sep;
