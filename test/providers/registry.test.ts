// The registry: it finds the vendor folders there are, and refuses what is no vendor folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadProviderModules, loadSandbox } from "../../src/providers/registry.ts";
import { vendorFolders } from "../support/provider-modules.ts";

const MODULE = (kind: string) => `export default {
  kind: "${kind}", displayName: "Acme", capabilities: {},
  parseConfig() {}, endpoint() {}, readError() {}, create() {},
};`;

describe("the registry", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "syncgraph-providers-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, file: string, text: string): void {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, file), text);
  }

  const load = () => loadProviderModules(pathToFileURL(`${folder}/`));

  it("finds the vendors, each under its folder's name", async () => {
    const modules = await loadProviderModules();
    expect([...modules.keys()]).toEqual(vendorFolders());
    expect([...modules.keys()]).toEqual(expect.arrayContaining(["polytomic", "rootfi", "stuut", "truto"]));
    expect([...modules].filter(([kind, module]) => module.kind !== kind)).toEqual([]);
  });

  it("finds a folder that was added, and looks at nothing but folders", async () => {
    write("acme", "index.ts", MODULE("acme"));
    writeFileSync(join(folder, "notes.ts"), "throw new Error('this is no vendor')");
    expect([...(await load()).keys()]).toEqual(["acme"]);
  });

  it("finds nothing in an empty folder", async () => {
    expect((await load()).size).toBe(0);
  });

  it("refuses a module that calls itself otherwise than its folder", async () => {
    write("acme", "index.ts", MODULE("globex"));
    await expect(load()).rejects.toThrow(
      'providers/acme: its module calls itself "globex"; folder and kind must be one name',
    );
  });

  it.each([
    ["a module without a default export", "export const kind = 'acme';"],
    ["a default export that is no object", "export default 'acme';"],
    ["a module without capabilities", MODULE("acme").replace("capabilities: {},", "")],
    ["a module without a displayed name", MODULE("acme").replace('displayName: "Acme",', "")],
    ...["parseConfig", "endpoint", "readError", "create"].map((method): [string, string] => [
      `a module without ${method}`,
      MODULE("acme").replace(`${method}() {}`, `no${method}: 1`),
    ]),
  ])("refuses %s", async (_case, text) => {
    write("acme", "index.ts", text);
    await expect(load()).rejects.toThrow("providers/acme/index.ts: expected a provider module as default export");
  });

  it("refuses a folder without a module", async () => {
    write("acme", "README.md", "Acme");
    await expect(load()).rejects.toThrow(/acme/);
  });

  it("loads each vendor's sandbox", async () => {
    for (const kind of (await loadProviderModules()).keys()) {
      expect(typeof (await loadSandbox(kind)).startSandbox).toBe("function");
    }
  });

  it("knows no sandbox of a vendor that is not there", async () => {
    await expect(loadSandbox("nobody")).rejects.toThrow(/nobody/);
  });
});
