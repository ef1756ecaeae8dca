// Breaks no rule: a client imports clients, and has its user's clock, console and environment.
import { target } from "../client/target.ts";

console.log(target, Date.now(), process.env["HOME"]);
