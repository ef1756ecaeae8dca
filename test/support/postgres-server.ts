// PostgreSQL servers of a test's own, which it may kill, freeze and let take no writes. Databases on the tests' common server are made
// in `databases.ts`.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { ShownCertificate } from "./certificates.ts";
import { eventually } from "./eventually.ts";
import { canRun, describeWhere, expectMarked, freePort } from "./needs.ts";

export interface PostgresServer extends AsyncDisposable {
  /** Address of an empty database. */
  readonly url: string;
  /** Ends it as a power cut would: connections break, what was not committed is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same address, with what was committed. */
  start(): Promise<void>;
  /** Lets it hang, connections and all, until the returned call, which may come twice, or until it is killed. */
  freeze(): Promise<() => void>;
  /** Ends it and starts it again as a replica, which reads and takes no writes. */
  becomeReplica(): Promise<void>;
  /** Makes every transaction from now on read-only, or not. */
  readOnly(on: boolean): Promise<void>;
  /** Does work over a connection of the test's own, which may write whatever the server says. */
  onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
}

const run = promisify(execFile);
const USER = "postgres";
const [INIT_PROGRAM, SERVER_PROGRAM] = ["initdb", "postgres"] as const;

/** Where a system keeps the programs that it does not put into the path, newest version first. */
const FOLDERS = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"].flatMap((folder) =>
  existsSync(folder)
    ? readdirSync(folder).map((version) => ({ version: Number(version), folder: join(folder, version, "bin") }))
    : [],
);
const folders = FOLDERS.toSorted((one, other) => other.version - one.version).map(({ folder }) => folder);
const PATH = [process.env["PATH"] ?? "", ...folders].join(":");
const environment = { PATH, LC_ALL: "C" };
const installed = [INIT_PROGRAM, SERVER_PROGRAM].every((program) => canRun(program, "--version", environment));

/** Runs a suite that starts servers of its own. */
export function describeWithPostgresServer(name: string, suite: () => void): void {
  describeWhere(installed, name, "initdb and postgres can be run", suite);
}

/** The server refuses to run as root; then it runs as the user its package made. */
export async function postgresOwner(): Promise<{ readonly uid: number; readonly gid: number } | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (which) => (await run("id", [which, USER])).stdout));
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * @param given more settings, as `postgres` takes them: `-c`, `max_connections=250`
 * @param shown the certificate with which it encrypts; without one it does not
 */
export async function startPostgresServer(
  given: readonly string[] = [],
  shown: ShownCertificate | null = null,
): Promise<PostgresServer> {
  expectMarked();
  const folder = await mkdtemp(join(tmpdir(), "syncgraph-postgres-"));
  const as = await postgresOwner();
  if (as.uid !== undefined && as.gid !== undefined) await chown(folder, as.uid, as.gid);
  const data = join(folder, "data");
  const programs = { cwd: folder, env: environment, ...as };
  await run(INIT_PROGRAM, ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"], programs);
  if (shown !== null) {
    for (const [name, text] of [
      ["server.crt", shown.cert],
      ["server.key", shown.key],
    ] as const) {
      const file = join(data, name);
      await writeFile(file, `${text}\n`, { mode: 0o600 });
      if (as.uid !== undefined && as.gid !== undefined) await chown(file, as.uid, as.gid);
    }
  }
  const port = await freePort();
  const url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  let running: ChildProcess | null = null;
  let frozen: readonly number[] = [];

  function thaw(): void {
    for (const one of frozen) process.kill(one, "SIGCONT");
    frozen = [];
  }

  async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const options = "-c default_transaction_read_only=off";
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, options });
    // A server that is killed meanwhile is told by the query.
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: "",
      fsync: "off",
      ssl: shown !== null,
    };
    const own = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    running = spawn(SERVER_PROGRAM, ["-D", data, ...own, ...given], { ...programs, stdio: "ignore" });
    await eventually("postgres answers", () =>
      onServer((client) => client.query("select 1")).then(
        () => true,
        () => null,
      ),
    );
  }

  async function kill(): Promise<void> {
    if (running === null) return;
    // A process that is stopped does not hear that it is to end.
    thaw();
    const ended = once(running, "exit");
    running.kill("SIGQUIT");
    running = null;
    await ended;
  }

  await start();
  return {
    url,
    kill,
    start,
    onServer,
    async freeze() {
      const pid = running?.pid;
      if (pid === undefined) throw new Error("the server does not run");
      const { stdout } = await run("pgrep", ["-P", String(pid)]);
      frozen = [pid, ...stdout.trim().split("\n").map(Number)];
      for (const one of frozen) process.kill(one, "SIGSTOP");
      return thaw;
    },
    async becomeReplica() {
      await kill();
      await writeFile(join(data, "standby.signal"), "");
      await start();
    },
    readOnly: (on) =>
      onServer(async (client) => {
        await client.query(`alter system set default_transaction_read_only = ${on ? "on" : "off"}`);
        await client.query("select pg_reload_conf()");
      }),
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
