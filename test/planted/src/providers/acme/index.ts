// Breaks no rule: a vendor folder's front door imports wire, domain and its own files, and has the default export.
import { target as domain } from "../../domain/target.ts";
import { target as wire } from "../../wire/target.ts";
import { target as own } from "./target.ts";

export default { domain, wire, own };
