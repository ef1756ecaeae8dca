// Planted: a module that imports itself.
import { planted as itself } from "./no-self-import.ts";

export const planted = (): unknown => itself;
