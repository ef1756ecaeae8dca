// PgBouncer in transaction mode, as a process of a test's own: each transaction may be given another connection to the server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "./eventually.ts";
import { canRun, describeWhere, expectMarked, freePort } from "./needs.ts";
import { postgresOwner } from "./postgres-server.ts";

const PROGRAM = "pgbouncer";
/** Where Debian puts it, which need not be in everybody's path. */
const PATH = [process.env["PATH"] ?? "", "/usr/sbin"].join(":");
const environment = { ...process.env, PATH };

/** Runs a suite that starts PgBouncer. */
export function describeWithPgbouncer(name: string, suite: () => void): void {
  describeWhere(canRun(PROGRAM, "--version", environment), name, "pgbouncer can be run", suite);
}

export interface Pgbouncer extends AsyncDisposable {
  /** The address of the database, through it. */
  readonly url: string;
}

/**
 * @param address of the database behind it
 * @param connections it keeps to the server, at most: fewer than clients have makes them take turns
 */
export async function startPgbouncer(address: string, connections: number): Promise<Pgbouncer> {
  expectMarked();
  const server = new URL(address);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-pgbouncer-"));
  const user = decodeURIComponent(server.username);
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: "transaction",
    default_pool_size: connections,
    max_client_conn: 200,
    // As a server whose connections are handed on without being cleaned.
    server_reset_query: "",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const place = `host=${server.hostname} port=${server.port || "5432"} user=${user}`;
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, ["[databases]", `* = ${place}`, "[pgbouncer]", ...lines, ""].join("\n"));
  const as = await postgresOwner();
  if (as.uid !== undefined && as.gid !== undefined)
    for (const path of [folder, file]) await chown(path, as.uid, as.gid);
  const child = spawn(PROGRAM, [file], { cwd: folder, env: environment, stdio: ["ignore", "ignore", "pipe"], ...as });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "exit");
  const url = new URL(address);
  url.port = String(port);
  await eventually("pgbouncer answers", async () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}: ${log}`);
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 3_000 });
    client.on("error", () => undefined);
    const answered = await client
      .connect()
      .then(() => client.query("select 1"))
      .then(
        () => true,
        () => null,
      );
    await client.end().catch(() => undefined);
    return answered;
  });
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
