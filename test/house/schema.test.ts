// Proves that schema.graphql is what the code says, and that the script which says so can say no.
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMITTED = join(ROOT, "schema.graphql");

describe("the schema script", () => {
  let folder: string;
  let copy: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "schema-"));
    copy = join(folder, "schema.graphql");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("finds the committed schema fresh", async () => {
    expect(await run(COMMITTED, "--check")).toEqual({ code: 0, message: "" });
  });

  it("writes what it then finds fresh, with a first line that names the command", async () => {
    expect(await run(copy)).toMatchObject({ code: 0 });

    const written = readFileSync(copy, "utf8");
    expect(written.split("\n")[0]).toMatch(/^# Generated .*`npm run schema`/);
    expect(written).toBe(readFileSync(COMMITTED, "utf8").replaceAll("\r\n", "\n"));
  });

  it("refuses a schema with a line too many, names the line and changes nothing", async () => {
    copyFileSync(COMMITTED, copy);
    const lines = readFileSync(copy, "utf8").split("\n").length;
    const stale = `${readFileSync(copy, "utf8")}type Extra\n`;
    writeFileSync(copy, stale);

    const { code, message } = await run(copy, "--check");

    expect(code).toBe(1);
    expect(message).toContain(`line ${lines}\n  committed: type Extra`);
    expect(readFileSync(copy, "utf8")).toBe(stale);
  });

  it("refuses a schema that is not there", async () => {
    const { code, message } = await run(copy, "--check");

    expect(code).toBe(1);
    expect(message).toContain("Run `npm run schema`");
  });
});

/** Runs the script as `npm run schema` does, on a file of the test's own. */
function run(schemaFile: string, ...options: readonly string[]): Promise<{ code: number; message: string }> {
  return new Promise((resolve, reject) => {
    const command = ["--import", "tsx", join(ROOT, "scripts/print-schema.ts"), ...options];
    const environment = { ...process.env, SCHEMA_FILE: schemaFile };
    execFile(process.execPath, command, { cwd: ROOT, env: environment }, (error, _stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, message: stderr });
      else reject(new Error(`The script did not end by itself: ${stderr}`));
    });
  });
}
