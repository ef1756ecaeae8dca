// The client as somebody has it who installed the package: imported by its name, with its types, outside this repository.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { begin, startScriptedGateway } from "../support/scripted-gateway.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TSC = join(ROOT, "node_modules/.bin/tsc");

/** Runs in Node as it stands, and is compiled as a browser's: without Node's types. */
const PROGRAM = `
import { followTransitions, FollowError, type Followed, type StatusTransition } from "syncgraph/client";

const stream = followTransitions({ url: process.argv[2] ?? "", after: "c0" });
const one: IteratorResult<Followed<StatusTransition>> = await stream.next();
if (one.done !== true) console.log(one.value.cursor, one.value.transition.to, one.value.transition.sync.provider.key);
await stream.next().catch((error: unknown) => console.log(error instanceof FollowError ? error.code : "another error"));

const selected = followTransitions({ url: "ws://127.0.0.1", fields: "to", read: ({ to }) => Number(to) });
const number: number | undefined = (await selected.return?.())?.value?.transition;
void number;
`;
const AMBIENT = "declare const process: { readonly argv: readonly string[] };";

const EVENT = {
  ...{ id: "t1", from: "RUNNING", to: "SUCCESS", outcome: "COMPLETE", rawStatus: "done", inferred: false },
  occurredAt: "2026-01-01T00:00:00Z",
  sync: {
    ...{ id: "s1", remoteId: "r1", models: ["tickets"], provider: { key: "acme" } },
    ...{ linkedAccount: null, definition: { id: "d1", name: "Tickets" } },
  },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "syncgraph-package-"));
  const source = join(folder, "source");
  await mkdir(source);
  // Built beside the repository's own \`dist\`, which another test may be using.
  await run(TSC, ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(source, "dist")]);
  for (const file of ["package.json", "schema.graphql", "README.md", "LICENSE"])
    await cp(join(ROOT, file), join(source, file));
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--silent", "--offline"], { cwd: source });
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "syncgraph"), { recursive: true });
  await run("tar", ["-xzf", join(source, stdout.trim()), "-C", join(modules, "syncgraph"), "--strip-components=1"]);
  await rm(source, { recursive: true });
  for (const name of ["graphql-ws", "graphql", "ws"])
    await symlink(join(ROOT, "node_modules", name), join(modules, name));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "program.ts"), PROGRAM);
  await writeFile(join(folder, "ambient.d.ts"), AMBIENT);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the installed package", () => {
  it("has the client under its name, with types that need neither Node's nor another package's", async () => {
    const options = ["--module", "nodenext", "--target", "es2022", "--lib", "es2023,dom", "--strict", "--types", ""];
    await run(TSC, [...options, "program.ts", "ambient.d.ts"], { cwd: folder });

    await using gateway = await startScriptedGateway();
    // Node 20 has no WebSocket of its own; a browser has.
    await writeFile(
      join(folder, "main.js"),
      'import { WebSocket } from "ws"; globalThis.WebSocket = WebSocket; await import("./program.js");',
    );
    const running = run(process.execPath, ["main.js", gateway.url], { cwd: folder });
    const connection = await gateway.connection();
    (await begin(connection)).event("c1", EVENT);
    connection.close(4400);
    expect((await running).stdout).toBe("c1 SUCCESS acme\nSOCKET_REFUSED\n");
  });

  it("does what the page says, which shows all of its options", async () => {
    const page = await readFile(join(ROOT, "docs/graphql.md"), "utf8");
    const [, snippet = ""] = /^```js\n([\s\S]*?)^```$/m.exec(page) ?? [];
    await using gateway = await startScriptedGateway();
    await writeFile(join(folder, "snippet.js"), snippet.replace("http://127.0.0.1:4000/graphql", gateway.url));
    await using program = start("snippet.js");
    const subscription = await begin(await gateway.connection(), "c0");
    expect(subscription.variables).toEqual({ filter: { statuses: ["SUCCESS", "FAILED"] }, after: "c0" });
    subscription.event("c1", EVENT);
    await eventually("what it prints", () => program.printed() === "Tickets SUCCESS COMPLETE c1\n" || null);

    const source = await readFile(join(ROOT, "src/client/follow.ts"), "utf8");
    const options = [
      ...source.slice(0, source.indexOf("export type FollowState")).matchAll(/^ {2}readonly (\w+)\??:/gm),
    ];
    expect(options.length).toBeGreaterThan(8);
    expect(options.map(([, name = ""]) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it("is used by the example, which goes on where it was", async () => {
    await cp(join(ROOT, "examples/follow.mjs"), join(folder, "follow.mjs"));
    await using gateway = await startScriptedGateway();
    for (const [head, after, cursor] of [
      ["c0", "c0", "c1"],
      [undefined, "c1", "c2"],
    ]) {
      await using program = start("follow.mjs", gateway.url);
      const subscription = await begin(await gateway.connection(), head);
      expect(subscription.variables).toMatchObject({ after });
      subscription.event(String(cursor), EVENT);
      await eventually("what it prints", () => program.printed() === 'acme "Tickets": SUCCESS (COMPLETE)\n' || null);
      await eventually("what it keeps", async () => {
        const kept = await readFile(join(folder, "follow.cursor"), "utf8").catch(() => "");
        return kept === cursor || null;
      });
    }
  });

  it("has nothing else to import", async () => {
    for (const inner of ["syncgraph", "syncgraph/dist/src/server/gateway.js", "syncgraph/client/link"]) {
      const program = `import(${JSON.stringify(inner)}).catch((error) => console.log(error.code))`;
      const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: folder });
      expect(stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
    }
  });
});

interface Program extends AsyncDisposable {
  /** What it has printed so far. */
  printed(): string;
}

/** Runs a file of the folder until it is disposed of. */
function start(file: string, ...args: readonly string[]): Program {
  const child = spawn(process.execPath, [file, ...args], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  return {
    printed: () => printed,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
