// References in the YAML file: to the environment, to files, and to nothing.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveReferences } from "../../src/server/config-references.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "syncgraph-references-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("resolveReferences", () => {
  it.each([
    ["a whole value", "${NAME}", "value"],
    ["a part of a value", "https://${NAME}.example.com/${NAME}", "https://value.example.com/value"],
    ["no reference", "$NAME {NAME}", "$NAME {NAME}"],
    ["a number", 5, 5],
    ["nothing", null, null],
    ["values deep inside", { list: [{ inner: "${NAME}" }], flag: true }, { list: [{ inner: "value" }], flag: true }],
  ])("puts the environment in for %s", (_case, value, expected) => {
    const problems: string[] = [];
    expect(resolveReferences(value, { NAME: "value" }, problems)).toEqual(expected);
    expect(problems).toEqual([]);
  });

  it("puts a file's text in, without the newline editors leave", () => {
    const file = join(folder, "token");
    writeFileSync(file, "  t0ken\n");
    expect(resolveReferences(`\${file:${file}}`, {}, [])).toBe("t0ken");
  });

  it("puts in what it found as it is: a secret that looks like a reference is no reference", () => {
    expect(resolveReferences("${NAME}", { NAME: "${OTHER} $& $1", OTHER: "x" }, [])).toBe("${OTHER} $& $1");
  });

  it("names each place that leads nowhere, and none of the values", () => {
    const problems: string[] = [];
    const value = {
      providers: [{ credentials: { token: "${MISSING}", key: "${EMPTY}", other: `\${file:${folder}/no}` } }],
    };
    resolveReferences(value, { EMPTY: "", NAME: "secret" }, problems);
    expect(problems).toEqual([
      "providers.0.credentials.token: the environment variable MISSING is not set",
      "providers.0.credentials.key: the environment variable EMPTY is not set",
      `providers.0.credentials.other: the file ${folder}/no cannot be read`,
    ]);
  });

  it.each(["toString", "__proto__", "constructor"])("does not find %s, which every object has", (name) => {
    const problems: string[] = [];
    resolveReferences(`\${${name}}`, {}, problems);
    expect(problems).toEqual([`: the environment variable ${name} is not set`]);
  });
});
