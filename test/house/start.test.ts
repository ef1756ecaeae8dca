// `npm start` in a copy of the repository with sources of the test's own: when it builds, what it says, and what it runs.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = `import { greet } from "./greet.ts";\nconsole.log(greet(process.argv.slice(2)));\n`;
const greetWith = (word: string) =>
  `export const greet = (names: string[]): string => ["${word}", ...names].join(" ");\n`;

let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), "syncgraph-start-"));
  for (const file of ["scripts/start.js", "tsconfig.json", "package.json"])
    await cp(join(ROOT, file), join(copy, file));
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");
  await write("src/server/main.ts", MAIN);
  await write("src/server/greet.ts", greetWith("hello"));
});

afterEach(() => rm(copy, { recursive: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(copy, file)), { recursive: true });
  await writeFile(join(copy, file), text);
}

interface Started {
  readonly code: number | string | null | undefined;
  /** What the program that was built wrote. */
  readonly printed: string;
  /** What is said about the build. */
  readonly said: string;
}

function start(...args: readonly string[]): Promise<Started> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["scripts/start.js", ...args], { cwd: copy }, (error, printed, said) =>
      resolve({ code: error === null ? 0 : error.code, printed, said }),
    );
  });
}

const builds = (): Promise<string[]> => readdir(join(copy, "dist/start"));

test("the first start builds, says so, and runs what was built with its arguments", async () => {
  const { code, printed, said } = await start("reader");
  expect({ code, printed }).toEqual({ code: 0, printed: "hello reader\n" });
  expect(said).toMatch(/^syncgraph: nothing is built yet: building\nsyncgraph: built in \d+\.\d s\n$/);
});

test("a start after which nothing changed builds nothing, though a file was written again with the same text", async () => {
  await start();
  await write("src/server/greet.ts", greetWith("hello"));
  await utimes(join(copy, "src/server/main.ts"), new Date(0), new Date(0));
  expect(await start()).toEqual({ code: 0, printed: "hello\n", said: "" });
});

test("a changed source is built, and what was built before is used again when it changes back", async () => {
  await start();
  await write("src/server/greet.ts", greetWith("good evening"));
  const changed = await start();
  expect(changed.printed).toBe("good evening\n");
  expect(changed.said).toContain("the sources changed since the last build: building");
  await write("src/server/greet.ts", greetWith("hello"));
  expect(await start()).toEqual({ code: 0, printed: "hello\n", said: "" });
});

test.each([
  ["a new source", "src/server/new.ts", "export const answer = 42;\n"],
  ["other settings of the compiler", "tsconfig.json", '{ "compilerOptions": { "experimentalDecorators": true } }\n'],
  ["other packages", "package-lock.json", "{}\n"],
])("%s is built", async (_what, file, text) => {
  await start();
  await write(file, text);
  expect((await start()).said).toContain("the sources changed");
});

test("a source that cannot be read is told with its place, and neither it nor the build before is run", async () => {
  await start();
  await write("src/server/greet.ts", "export const greet = (: string => 1;\n");
  const { code, printed, said } = await start();
  expect({ code, printed }).toEqual({ code: 1, printed: "" });
  expect(said).toContain("syncgraph did not start: the sources cannot be built.");
  expect(said).toContain("src/server/greet.ts:1:");
  expect(said).toContain("Correct this, and run npm start again.");
  expect(await builds()).toHaveLength(1);
});

test("types are not checked", async () => {
  await write("src/server/greet.ts", 'export const greet: number = () => "hello";\n');
  expect(await start()).toMatchObject({ code: 0, printed: "hello\n" });
});

test("what an interrupted build left is not run, and is removed when it is old", async () => {
  const left = join(copy, "dist/start/unfinished-1");
  await write("dist/start/unfinished-1/src/server/main.js", 'console.log("half");\n');
  expect(await start()).toMatchObject({ code: 0, printed: "hello\n" });
  expect(await builds()).toContain("unfinished-1");
  await utimes(left, new Date(0), new Date(0));
  await write("src/server/greet.ts", greetWith("later"));
  await start();
  expect(await builds()).not.toContain("unfinished-1");
});

test("two starts at once both run, from one build", async () => {
  const both = await Promise.all([start("one"), start("two")]);
  expect(both).toMatchObject([
    { code: 0, printed: "hello one\n" },
    { code: 0, printed: "hello two\n" },
  ]);
  expect(await builds()).toHaveLength(1);
});

test("three builds are kept, those that were used last", async () => {
  for (const [day, name] of ["first", "third", "second"].entries()) {
    await write(`dist/start/${name}/src/server/main.js`, "");
    await utimes(join(copy, "dist/start", name), new Date(day * 86_400_000), new Date(day * 86_400_000));
  }
  await start();
  const kept = await builds();
  expect(kept).toHaveLength(3);
  expect(kept).not.toContain("first");
});

test("without the packages for development a build that is there is run, and what to do is said when there is none", async () => {
  await start();
  await rm(join(copy, "node_modules"));
  expect(await start()).toEqual({ code: 0, printed: "hello\n", said: "" });
  await write("src/server/greet.ts", greetWith("later"));
  const { code, printed, said } = await start();
  expect({ code, printed }).toEqual({ code: 1, printed: "" });
  expect(said).toContain("Run npm install, then npm start again.");
});

test("the gateway's own sources are built so that it finds its vendors", async () => {
  await rm(join(copy, "src"), { recursive: true });
  await cp(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  const { said } = await start("sandbox", "none");
  for (const vendor of ["polytomic", "rootfi", "stuut", "truto"]) expect(said).toContain(vendor);
}, 120_000);
