// What a suite needs of the machine: programs that can be run, servers that answer, ports that are free.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { TestRunner, describe, expect, test } from "vitest";

/** With CI=true nothing may be left out: what is not there is a failure. */
export const required = process.env["CI"] === "true";

/** Marks what needs PostgreSQL, Redis or another server beside this process. `npm test` leaves it out, `npm run test:servers` runs it. */
export const NEEDS_SERVERS = { tags: ["servers"] };

/** Their files are run by `npm run test:faults` alone, and need no mark. */
const PROJECTS_WITH_SERVERS: readonly (string | undefined)[] = ["processes", "crowded"];

/** Runs a suite where the server it needs is there. Else it is left out, visibly, and when CI is `true` it fails. */
export function describeWhere(there: boolean, name: string, need: string, suite: () => void): void {
  if (there) describe(name, NEEDS_SERVERS, suite);
  else if (required) test(`${name}: ${need}`, NEEDS_SERVERS, () => expect.fail(`not so: ${need}`));
  else leaveOut(name, need);
}

/** One test in the place of a suite, that says why the suite is left out. */
export function leaveOut(name: string, need: string): void {
  test(`${name} needs that ${need}`, NEEDS_SERVERS, ({ skip }) => {
    console.warn(`LEFT OUT: "${name}", because it needs that ${need}.`);
    skip(`it needs that ${need}`);
  });
}

/** Asked before a test uses a server: one without the mark would run under `npm test`, and fail there where no server is. */
export function expectMarked(): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined || PROJECTS_WITH_SERVERS.includes(test.file.projectName)) return;
  if (NEEDS_SERVERS.tags.some((tag) => !test.tags?.includes(tag)))
    throw new Error(`"${test.name}" uses a server and is not marked so: see NEEDS_SERVERS in test/support/needs.ts`);
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
