// Breaks no rule: domain imports domain, and what makes ids.
import { createHash } from "node:crypto";
import { v5 } from "uuid";
import { target } from "./target.ts";

export const allowed = [createHash, v5, target];
