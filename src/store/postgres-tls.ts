// What `sslmode` and its companions in a PostgreSQL address mean: what PostgreSQL's own programs (libpq) mean by them. The driver would
// read `require` as `verify-full`.
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";

/** As pg takes it; false is no encryption. */
export type PostgresTls = ConnectionOptions | false;

export interface PostgresWay {
  /** The address without the settings that are read here. */
  readonly url: string;
  /** What to try, in this order. Empty: the address says nothing of encryption. */
  readonly tls: readonly PostgresTls[];
}

const MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;
type Mode = (typeof MODES)[number];
const FILES = { sslrootcert: "ca", sslcert: "cert", sslkey: "key" } as const;

/**
 * @param address `postgres://...`
 * @throws TypeError for a mode that libpq does not have, and for a file that cannot be read; it repeats no password
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html "SSL Mode Descriptions"
 */
export function postgresWay(address: string): PostgresWay {
  // Addresses of sockets need not be URLs; what the driver makes of them is its own.
  if (!URL.canParse(address)) return { url: address, tls: [] };
  const url = new URL(address);
  // The driver's own switch for the same meaning.
  url.searchParams.delete("uselibpqcompat");
  const given = url.searchParams.get("sslmode");
  const files = filesOf(url.searchParams);
  if (given === null && Object.keys(files).length === 0) return { url: address, tls: [] };
  // A certificate without a mode: libpq prefers encryption then; whoever names one wants to be sure.
  const mode = modeOf(given ?? "verify-full");
  for (const name of ["sslmode", ...Object.keys(FILES)]) url.searchParams.delete(name);
  return { url: url.href, tls: triesOf(mode, files) };
}

function triesOf(mode: Mode, files: ConnectionOptions): readonly PostgresTls[] {
  const encrypted = { ...files, rejectUnauthorized: false };
  const authorityOnly = { ...files, checkServerIdentity: () => undefined };
  switch (mode) {
    case "disable":
      return [false];
    case "allow":
      return [false, encrypted];
    case "prefer":
      return [encrypted, false];
    case "no-verify":
      return [encrypted];
    // With an authority of one's own libpq checks by it, as `verify-ca` does.
    case "require":
      return [files.ca === undefined ? encrypted : authorityOnly];
    case "verify-ca":
      return [authorityOnly];
    case "verify-full":
      return [files];
  }
}

function modeOf(given: string): Mode {
  const mode = MODES.find((one) => one === given);
  if (mode !== undefined) return mode;
  throw new TypeError(`DATABASE_URL: expected sslmode to be one of ${MODES.join(", ")}; got "${given.slice(0, 40)}"`);
}

function filesOf(parameters: URLSearchParams): ConnectionOptions {
  const found = Object.entries(FILES).flatMap(([name, option]) => {
    const path = parameters.get(name);
    // The system's authorities are those that are taken anyway.
    if (path === null || path === "" || (name === "sslrootcert" && path === "system")) return [];
    return [[option, textOf(name, path)] as const];
  });
  return Object.fromEntries(found);
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new TypeError(`DATABASE_URL: the file ${path} of ${name} cannot be read`);
  }
}
