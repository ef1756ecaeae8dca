// Breaks no rule: a sandbox imports domain and its own parts, and has a clock of its own.
import { createServer } from "node:http";
import { target as domain } from "../../domain/target.ts";
import { target as part } from "./sandbox-target.ts";

export const allowed = [createServer, domain, part, Date.now()];
