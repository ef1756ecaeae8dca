// What `deploy/` says, run without containers: its PostgreSQL, Redis, migration, gateways and door as processes of this machine, with its
// own commands, environments and files. Only addresses are others.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildProgram } from "./built-program.ts";
import { readComposeFile, type ComposeService } from "./compose-file.ts";
import { makeFolder } from "./gateway.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { startHaproxy, type Haproxy } from "./haproxy.ts";
import { freePort } from "./needs.ts";
import { startPostgresServer, type PostgresServer } from "./postgres-server.ts";
import { startRedisServer } from "./redis.ts";
import { VENDORS, recordRequests, startVendor, type Recorder, type Vendor } from "./vendors.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const run = promisify(execFile);

export const composed = (variables: Readonly<Record<string, string>>): Services =>
  readComposeFile(new URL("compose.yaml", DEPLOY), variables);

export const shippedFile = (name: string): string => readFileSync(new URL(name, DEPLOY), "utf8");

/** What an operator is told to type, block by block. */
export function scalingCommands(): readonly string[] {
  const page = readFileSync(new URL("../docs/scaling.md", DEPLOY), "utf8");
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gmu)].map(([, block = ""]) => block);
}

/** Ports of the made-up vendors in the compose file, by the command that starts each. */
export function sandboxPorts(services: Services): ReadonlyMap<string, string> {
  const commands = Object.values(services).map(({ command }) => command);
  return new Map(commands.flatMap(([verb, kind = "", port = ""]) => (verb === "sandbox" ? [[kind, port]] : [])));
}

export interface ComposedGateway {
  readonly name: string;
  /** Where GraphQL is, past the door. */
  readonly url: string;
  readonly process: GatewayProcess;
}

export interface ComposedGateways {
  /** Where clients find GraphQL. */
  readonly door: string;
  /** What the door asks for. */
  readonly token: string;
  /** Does what an operator is told to type, where the operator is. Resolves with what it prints. */
  shell(commands: string): Promise<string>;
  readonly databaseUrl: string;
  readonly haproxy: Haproxy;
  readonly postgres: PostgresServer;
  readonly gateways: readonly ComposedGateway[];
  vendor(name: Vendor): Recorder;
  /** Starts one again that has ended, as the engine would. */
  again(gateway: ComposedGateway): Promise<ComposedGateway>;
}

/** @param leave takes what must be ended when the test is over, last first */
export async function startComposed(leave: Leave): Promise<ComposedGateways> {
  const using = <Held extends AsyncDisposable>(held: Held): Held => {
    leave(async () => held[Symbol.asyncDispose]());
    return held;
  };
  // Ten that are compiled while they start take minutes.
  const program = await buildProgram();
  leave(() => program.remove());
  const folder = await makeFolder();
  leave(() => folder.remove());
  const { shell, token, variables } = await prepare(folder.path);
  const services = composed(variables);
  const postgres = using(await startPostgresServer(serviceNamed(services, "postgres").command.slice(1)));
  const redis = using(await startRedisServer(serviceNamed(services, "redis").command.slice(1)));
  await postgres.onServer(async (client) => {
    await client.query("create role syncgraph login");
    await client.query("create database syncgraph owner syncgraph");
  });
  const recorders = await recordVendors(leave);
  const config = join(folder.path, "syncgraph.yaml");
  await writeFile(config, providersAt(recorders, services));

  const addresses = { postgres: new URL(postgres.url).host, redis: new URL(redis.url).host, config };
  async function begin(name: string, port: number): Promise<GatewayProcess> {
    const { environment, command } = serviceNamed(services, name);
    const home = join(folder.path, name);
    await mkdir(home, { recursive: true });
    const own = { ...environmentAt(addresses, environment), PORT: String(port) };
    return using(startGatewayProcess(home, own, { program: [program.path], words: command }));
  }

  const { code } = await (await begin("migrate", 0)).ended(60_000);
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
  const ports = new Map<string, number>();
  for (const name of gatewaysIn(services)) ports.set(name, await freePort());
  const gatewayOf = async (name: string): Promise<ComposedGateway> => {
    const process = await begin(name, ports.get(name) ?? 0);
    return { name, url: await process.url(), process };
  };
  const gateways = await Promise.all([...ports.keys()].map(gatewayOf));
  const tokens = join(folder.path, TOKENS);
  const door = `http://127.0.0.1:${await freePort()}`;
  const haproxy = using(await startHaproxy(doorAt(door, tokens, ports, services), new URL("/readyz", door)));
  return {
    door: `${door}/graphql`,
    token,
    shell: (commands) => shell(commands.replaceAll("http://127.0.0.1:4000", door)),
    databaseUrl: environmentAt(addresses, serviceNamed(services, "migrate").environment)["DATABASE_URL"] ?? "",
    haproxy,
    postgres,
    gateways,
    vendor: (name) => recorderOf(recorders, name),
    again: ({ name }) => gatewayOf(name),
  };
}

type Leave = (end: () => Promise<unknown>) => void;
type Services = Readonly<Record<string, ComposeService>>;

/** Where the operator is told to keep what the door asks for, seen from the checkout. */
const TOKENS = "deploy/secrets/tokens";

/** Types what the page says first, in a checkout that has nothing but the folder. */
async function prepare(checkout: string) {
  await mkdir(join(checkout, "deploy"));
  const shell = async (commands: string): Promise<string> => {
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", commands], { cwd: checkout });
    return stdout;
  };
  const [first = ""] = scalingCommands();
  await shell(first);
  const token = (await readFile(join(checkout, TOKENS), "utf8")).trim();
  const written = await readFile(join(checkout, "deploy/.env"), "utf8");
  const [, name = "", value = ""] = /^(\w+)=(\w+)\n$/u.exec(written) ?? [];
  return { token, variables: { [name]: value }, shell: (commands: string) => shell(`cd deploy\n${commands}`) };
}

async function recordVendors(leave: Leave): Promise<ReadonlyMap<Vendor, Recorder>> {
  const recorders = new Map<Vendor, Recorder>();
  for (const name of VENDORS) {
    const vendor = await startVendor(name);
    leave(() => vendor.stop());
    const recorder = await recordRequests(vendor);
    leave(() => recorder.close());
    recorders.set(name, recorder);
  }
  return recorders;
}

function recorderOf(recorders: ReadonlyMap<Vendor, Recorder>, name: Vendor): Recorder {
  const found = recorders.get(name);
  if (found === undefined) throw new Error(`${name} is not recorded`);
  return found;
}

/** The shipped configuration of the made-up vendors, at their recorders. */
function providersAt(recorders: ReadonlyMap<Vendor, Recorder>, services: Services): string {
  const ports = sandboxPorts(services);
  return [...recorders].reduce(
    (text, [name, { entry }]) =>
      withInstead(text, `http://127.0.0.1:${ports.get(name)}`, new URL(entry.baseUrl).origin),
    shippedFile("demo.yaml"),
  );
}

interface Addresses {
  readonly postgres: string;
  readonly redis: string;
  readonly config: string;
}

function environmentAt(
  { postgres, redis, config }: Addresses,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const moved = (value: string): string =>
    value
      .replace("@postgres:5432", `@${postgres}`)
      .replace("//redis:6379", `//${redis}`)
      .replace("/etc/syncgraph/syncgraph.yaml", config);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, moved(value)]));
}

/** The shipped configuration of the door, at free ports. */
function doorAt(door: string, tokens: string, ports: ReadonlyMap<string, number>, services: Services): string {
  const guarded = withInstead(shippedFile("haproxy.cfg"), "/run/secrets/tokens", tokens);
  return [...ports].reduce(
    (text, [name, port]) => {
      const shipped = serviceNamed(services, name).environment["PORT"];
      return withInstead(text, `127.0.0.1:${shipped}\n`, `127.0.0.1:${port}\n`);
    },
    withInstead(guarded, "bind :4000", `bind ${new URL(door).host}`),
  );
}

const gatewaysIn = (services: Services): readonly string[] =>
  Object.keys(services).filter((name) => name.startsWith("gateway-"));

function serviceNamed(services: Services, name: string): ComposeService {
  const found = services[name];
  if (found === undefined) throw new Error(`the compose file has no ${name}`);
  return found;
}

/** What is named by the files must be there, and once: otherwise something else would be run than is shipped. */
function withInstead(text: string, from: string, to: string): string {
  // A port that another one begins with is not that one.
  const parts = text.split(new RegExp(String.raw`${from.replaceAll(/\W/g, String.raw`\$&`)}(?!\d)`));
  if (parts.length !== 2) throw new Error(`expected "${from}" once, found it ${parts.length - 1} times`);
  return parts.join(to);
}
