// Encryption on the way to PostgreSQL: `sslmode` means what PostgreSQL's own programs mean by it, at a real server with each certificate.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { postgresWay } from "../../src/store/postgres-tls.ts";
import { openStore } from "../../src/store/open-store.ts";
import { ISSUED, SELF_SIGNED } from "../support/certificates.ts";
import { describeWithPostgresServer, startPostgresServer } from "../support/postgres-server.ts";

const AUTHORITY = fileURLToPath(new URL("../support/authority.pem", import.meta.url));
const ROOT = `&sslrootcert=${encodeURIComponent(AUTHORITY)}`;

/** What each mode gives at a server with a certificate for this machine, a self-signed one, one for another machine, and with none. */
const MODES = {
  "sslmode=disable": ["plain", "plain", "plain", "plain"],
  "sslmode=allow": ["plain", "plain", "plain", "plain"],
  "sslmode=prefer": ["encrypted", "encrypted", "encrypted", "plain"],
  "sslmode=require": ["encrypted", "encrypted", "encrypted", "refused"],
  "sslmode=no-verify": ["encrypted", "encrypted", "encrypted", "refused"],
  [`sslmode=require${ROOT}`]: ["encrypted", "refused", "encrypted", "refused"],
  [`sslmode=verify-ca${ROOT}`]: ["encrypted", "refused", "encrypted", "refused"],
  "sslmode=verify-ca": ["encrypted", "refused", "encrypted", "refused"],
  "sslmode=verify-full": ["encrypted", "refused", "refused", "refused"],
  [`sslmode=verify-full${ROOT}`]: ["encrypted", "refused", "refused", "refused"],
};
const SERVERS = [
  ["for this machine", ISSUED.right],
  ["signed by itself", SELF_SIGNED],
  ["for another machine", ISSUED.elsewhere],
  ["that does not exist", null],
] as const;

describeWithPostgresServer("the way to PostgreSQL", () => {
  test.each(SERVERS.map(([what, shown], index) => ({ what, shown, index })))(
    "at a server with a certificate $what",
    async ({ shown, index }) => {
      await using server = await startPostgresServer([], shown);
      const found: Record<string, string> = {};
      for (const mode of Object.keys(MODES)) found[mode] = await outcome(`${server.url}?${mode}`, server.onServer);
      expect(found).toEqual(Object.fromEntries(Object.entries(MODES).map(([mode, each]) => [mode, each[index]])));
    },
    120_000,
  );
});

type OnServer = Awaited<ReturnType<typeof startPostgresServer>>["onServer"];

async function outcome(url: string, onServer: OnServer): Promise<string> {
  const store = await openStore(url, { poolSize: 2 }).catch(() => null);
  if (store === null) return "refused";
  try {
    const { rows } = await onServer((client) =>
      client.query<{ ssl: boolean }>(
        "select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'syncgraph'",
      ),
    );
    return rows.map(({ ssl }) => (ssl ? "encrypted" : "plain")).join(" and ");
  } finally {
    await store.close();
  }
}

test("a mode that PostgreSQL does not have, and a file that is not there, are named without the password", () => {
  expect(() => postgresWay("postgres://user:secret@db/x?sslmode=required")).toThrow(
    'DATABASE_URL: expected sslmode to be one of disable, allow, prefer, require, verify-ca, verify-full, no-verify; got "required"',
  );
  expect(() => postgresWay("postgres://user:secret@db/x?sslmode=verify-ca&sslrootcert=/not/there.pem")).toThrow(
    "DATABASE_URL: the file /not/there.pem of sslrootcert cannot be read",
  );
});

test("an address without them stays as it is", () => {
  const address = "postgres://user:p%40ss@db:5433/x?options=-c%20search_path%3Dsync";
  expect(postgresWay(address)).toEqual({ url: address, tls: [] });
});
