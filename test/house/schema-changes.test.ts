// Proves that a change of the schema that breaks clients is found, in every state a checkout can be in, and accepted only by name.
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBase } from "../../scripts/schema-base.ts";
import { judgeChanges, parseAccepted } from "../../scripts/schema-changes.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const BEFORE = `
type Query { sync(id: ID!, maxAgeSeconds: Int = 60): Sync  syncs(first: Int): [Sync!] }
type Mutation { trigger(input: TriggerInput!): Sync }
input TriggerInput { definitionId: ID!  test: Boolean }
type Sync { id: ID!  status: Status!  error: String }
enum Status { CREATED RUNNING FAILED }
`;

const change = (from: string, to: string): string => BEFORE.replace(from, to);

describe("a change of the schema", () => {
  it.each([
    ["a field that is gone", change("error: String", ""), "FIELD_REMOVED Sync.error"],
    ["a field that may now be null", change("status: Status!", "status: Status"), "FIELD_TYPE_CHANGED Sync.status"],
    ["a field of another name", change("error: String", "problem: String"), "FIELD_REMOVED Sync.error"],
    ["an argument that is gone", change("(first: Int)", ""), "FIELD_ARGUMENT_REMOVED Query.syncs.first"],
    [
      "an argument that is now required",
      change("first: Int", "first: Int!"),
      "FIELD_ARGUMENT_TYPE_CHANGED Query.syncs.first",
    ],
    [
      "an input field more that is required",
      change("test: Boolean", "test: Boolean  key: String!"),
      "INPUT_FIELD_ADDED TriggerInput.key",
    ],
    ["an input field that is gone", change("test: Boolean", ""), "INPUT_FIELD_REMOVED TriggerInput.test"],
    ["a mutation that is gone", change("trigger(", "start("), "FIELD_REMOVED Mutation.trigger"],
    ["an enum value that is gone", change("RUNNING ", ""), "ENUM_VALUE_REMOVED Status.RUNNING"],
  ])("breaks clients: %s", async (_case, after, expected) => {
    const { problems } = await judgeChanges(BEFORE, after, []);

    expect(problems).toEqual([expect.stringContaining(`BREAKING ${expected}:`)]);
  });

  it.each([
    ["nothing at all", BEFORE],
    ["a field more", change("error: String", "error: String  attempt: Int")],
    ["a field that is never null any more", change("error: String", "error: String!")],
    ["an optional input field more", change("test: Boolean", "test: Boolean  key: String")],
    ["an argument that need not be given any more", change("id: ID!, max", "id: ID, max")],
    ["a description", change("type Sync", '"""One run."""\ntype Sync')],
  ])("is safe: %s", async (_case, after) => {
    expect(await judgeChanges(BEFORE, after, [])).toMatchObject({ problems: [], warnings: [] });
  });

  it.each([
    ["an enum value more", change("FAILED", "FAILED LOST"), "ENUM_VALUE_ADDED Status.LOST"],
    ["another default", change("= 60", "= 0"), "FIELD_ARGUMENT_DEFAULT_CHANGED Query.sync.maxAgeSeconds"],
  ])("is told but does not fail: %s", async (_case, after, expected) => {
    expect(await judgeChanges(BEFORE, after, [])).toMatchObject({
      problems: [],
      warnings: [expect.stringContaining(`dangerous ${expected}:`)],
    });
  });
});

describe("schema-changes.json", () => {
  const entry = { change: "FIELD_REMOVED", path: "Sync.error", reason: "Nobody could have used it yet." };
  const broken = change("error: String", "");

  it("accepts the change it names", async () => {
    expect(await judgeChanges(BEFORE, broken, [entry])).toMatchObject({ problems: [] });
  });

  it.each([
    ["another place", { ...entry, path: "Sync.id" }],
    ["another kind of change", { ...entry, change: "FIELD_TYPE_CHANGED" }],
  ])("does not accept a change by an entry for %s, which is then needless", async (_case, other) => {
    expect((await judgeChanges(BEFORE, broken, [other])).problems).toEqual([
      expect.stringContaining("BREAKING FIELD_REMOVED Sync.error"),
      expect.stringContaining(`NEEDLESS ${other.change} ${other.path}`),
    ]);
  });

  it("may not keep an entry that no longer applies", async () => {
    expect((await judgeChanges(BEFORE, BEFORE, [entry])).problems).toEqual([
      expect.stringContaining("NEEDLESS FIELD_REMOVED Sync.error"),
    ]);
  });

  it.each([
    ["an entry without a reason", { accepted: [{ change: "FIELD_REMOVED", path: "Sync.error" }] }],
    ["a reason that says nothing", { accepted: [{ ...entry, reason: "ok" }] }],
    ["a field nobody knows", { accepted: [{ ...entry, until: "2027-01-31" }] }],
    ["no list", {}],
  ])("may not hold %s", (_case, content) => {
    expect(() => parseAccepted(JSON.stringify(content))).toThrow(/^schema-changes\.json: /u);
  });

  it("is in order as it stands", () => {
    expect(parseAccepted(readFileSync(join(ROOT, "schema-changes.json"), "utf8"))).toBeInstanceOf(Array);
  });
});

describe("what the schema is compared with", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "schema-changes-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (text: string, file = "schema.graphql"): void => writeFileSync(join(folder, file), text);
  const git = (...command: readonly string[]): string => runGit(folder, command);
  const commit = (text: string, file = "schema.graphql"): void => {
    write(text, file);
    git("add", ".");
    git("commit", "--quiet", "-m", "A step");
  };

  it("is the committed one while the working tree has another", () => {
    git("init", "--quiet");
    commit("type Query { first: Int }\n");
    commit("type Query { second: Int }\n");
    write("type Query { third: Int }\n");

    expect(findBase(folder, null)).toEqual({ sdl: "type Query { second: Int }\n", name: "HEAD" });
  });

  it("is the one before the last change in a clean checkout, also when other commits came since", () => {
    git("init", "--quiet");
    commit("type Query { first: Int }\n");
    commit("type Query { second: Int }\n");
    commit("Hello\n", "README.md");

    expect(findBase(folder, null)).toMatchObject({ sdl: "type Query { first: Int }\n" });
  });

  it("is the main line's before a merge, not the branch's last step", () => {
    git("init", "--quiet", "--initial-branch=main");
    commit("type Query { first: Int }\n");
    git("checkout", "--quiet", "-b", "branch");
    commit("type Query { second: Int }\n");
    commit("type Query { third: Int }\n");
    git("checkout", "--quiet", "main");
    git("merge", "--quiet", "--no-ff", "-m", "A merge", "branch");

    expect(findBase(folder, null)).toMatchObject({ sdl: "type Query { first: Int }\n" });
  });

  it("is the one that was asked for", () => {
    git("init", "--quiet");
    commit("type Query { first: Int }\n");
    git("tag", "v1");
    commit("type Query { second: Int }\n");
    commit("type Query { third: Int }\n");

    expect(findBase(folder, "v1")).toEqual({ sdl: "type Query { first: Int }\n", name: "v1" });
    expect(() => findBase(folder, "v2")).toThrow("Expected v2 to be a commit with a schema.graphql, found none");
  });

  it("is nothing in a shallow clone that ends before it, and is there again in the whole one", () => {
    git("init", "--quiet");
    commit("type Query { first: Int }\n");
    commit("type Query { second: Int }\n");
    const clone = `${folder}-clone`;
    runGit(tmpdir(), ["clone", "--quiet", "--depth=1", pathToFileURL(folder).href, clone]);

    const shallow = findBase(clone, null);
    runGit(clone, ["fetch", "--quiet", "--unshallow"]);
    const whole = findBase(clone, null);
    rmSync(clone, { recursive: true });

    expect(shallow).toEqual({ missing: "the clone is shallow and ends before the last change" });
    expect(whole).toMatchObject({ sdl: "type Query { first: Int }\n" });
  });

  it("is not the committed one where a checkout has other line ends alone", () => {
    git("init", "--quiet");
    commit("type Query { first: Int }\n");
    commit("type Query { second: Int }\n");
    write("type Query { second: Int }\r\n");

    expect(findBase(folder, null)).toMatchObject({ sdl: "type Query { first: Int }\n" });
  });

  it("is not guessed where git cannot read its data", () => {
    git("init", "--quiet");
    commit(BEFORE);
    write("[nonsense", ".git/config");

    expect(() => findBase(folder, null)).toThrow("git: fatal: bad config");
  });

  it("is nothing where git has nothing", () => {
    write(BEFORE);
    expect(findBase(folder, null)).toEqual({ missing: "this checkout has no git data" });
    git("init", "--quiet");
    expect(findBase(folder, null)).toEqual({ missing: "no commit holds a schema.graphql yet" });
    commit(BEFORE);
    expect(findBase(folder, null)).toEqual({ missing: "it is in the first commit of all" });
  });

  it("is nothing when the last change made the file", () => {
    git("init", "--quiet");
    commit("Hello\n", "README.md");
    commit(BEFORE);

    expect(findBase(folder, null)).toEqual({ missing: "the last change made the file" });
  });
});

describe("the check", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "schema-changes-"));
    cpSync(join(ROOT, "schema.graphql"), join(folder, "schema.graphql"));
    writeFileSync(join(folder, "schema-changes.json"), '{ "accepted": [] }');
    runGit(folder, ["init", "--quiet"]);
    runGit(folder, ["add", "."]);
    runGit(folder, ["commit", "--quiet", "-m", "A step"]);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const schema = (): string => readFileSync(join(folder, "schema.graphql"), "utf8");

  it("refuses a schema without one of its fields, and accepts it with the reason", async () => {
    writeFileSync(join(folder, "schema.graphql"), schema().replace("  displayName: String!", "  shownAs: String!"));

    const refused = await run(folder);
    expect(refused.code).toBe(1);
    expect(refused.complaint).toContain("BREAKING FIELD_REMOVED Provider.displayName: ");
    expect(refused.complaint).toContain("breaks clients of HEAD");

    const entry = { change: "FIELD_REMOVED", path: "Provider.displayName", reason: "For the sake of the test." };
    writeFileSync(join(folder, "schema-changes.json"), JSON.stringify({ accepted: [entry] }));
    expect(await run(folder)).toMatchObject({ code: 0, complaint: "" });
  });

  it("passes a schema with a field more", async () => {
    writeFileSync(join(folder, "schema.graphql"), schema().replace("  displayName: String!", "  more: Int\n$&"));

    expect(await run(folder)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/: [1-9]\d* changes since HEAD/u),
    });
  });

  it("says so when there is nothing to compare with", async () => {
    expect(await run(folder)).toMatchObject({ code: 0, output: expect.stringContaining("SKIPPED: ") });
  });

  it.each([
    ["an argument", ["v9"], {}],
    ["the environment", [], { SCHEMA_BASE: "v9" }],
  ])("compares with what %s names, or with nothing", async (_case, options, environment) => {
    const { code, complaint } = await run(folder, options, environment);

    expect(code).toBe(1);
    expect(complaint).toContain("Expected v9 to be a commit");
  });
});

/** Git as it is without anybody's settings: neither the user's nor those of a hook that runs the tests. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(GIT|SCHEMA)_/u.test(name));
  return { ...Object.fromEntries(own), GIT_CONFIG_GLOBAL: "", GIT_CONFIG_NOSYSTEM: "1" };
}

function runGit(cwd: string, command: readonly string[]): string {
  const who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...who, ...command], { cwd, encoding: "utf8", env: bareEnvironment(), stdio: "pipe" });
}

/** Runs the script as `npm run check:schema-changes` does, on a checkout of the test's own. */
function run(
  folder: string,
  options: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string; complaint: string }> {
  return new Promise((resolve, reject) => {
    const command = ["--import", "tsx", join(ROOT, "scripts/check-schema-changes.ts"), ...options];
    const environment = { ...bareEnvironment(), ...settings, SCHEMA_FILE: join(folder, "schema.graphql") };
    execFile(process.execPath, command, { cwd: ROOT, env: environment }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, output: stdout, complaint: stderr });
      else reject(new Error(`The script did not end by itself: ${stderr}`));
    });
  });
}
