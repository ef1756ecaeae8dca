// What a suite needs of the machine: programs that can be run, servers that answer, ports that are free.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";

const required = process.env["CI"] === "true";

/** Runs a suite where what it needs is there. Else it is left out, visibly, and when CI is `true` it fails. */
export function describeWhere(there: boolean, name: string, need: string, suite: () => void): void {
  if (there) return void describe(name, suite);
  if (required) return void test(`${name}: ${need}`, () => expect.fail(`not so: ${need}`));
  console.warn(`LEFT OUT: "${name}", because it needs that ${need}.`);
  test.skipIf(!there)(`${name} needs that ${need}`, () => undefined);
}

/** @param version the argument that makes it print its version and end */
export function canRun(program: string, version = "--version", environment = process.env): boolean {
  return spawnSync(program, [version], { env: environment, stdio: "ignore" }).status === 0;
}

/** A port nobody listens at, for a program that cannot be told to choose one. */
export async function freePort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, "close");
  return port;
}
