// Breaks no rule: wire imports domain and packages.
import { request } from "undici";
import { target } from "../domain/target.ts";

export const allowed = [request, target];
