// Every snippet of the README and of the operating page is executed as it stands, against a gateway started for the purpose.
import "reflect-metadata";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, validate } from "graphql";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildGatewaySchema } from "../../src/graphql/schema.ts";
import { readConfig } from "../../src/server/config.ts";
import { startGateway, type Gateway } from "../../src/server/gateway.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

interface Snippet {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

function snippetsOf(page: string): readonly Snippet[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\S+)([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language = "", kind = "", body = ""]) => ({
    page,
    language: `${language}${kind}`,
    text: body,
  }));
}

const pages = ["README.md", "docs/operating.md"].flatMap(snippetsOf);
const of = (language: string) => pages.filter((snippet) => snippet.language === language);
const curls = of("sh").filter(({ text }) => text.includes("curl"));

let gateway: Gateway;
let folder: string;
let watcher: ChildProcess | undefined;

const here = (text: string): string => text.replaceAll("127.0.0.1:4000", `127.0.0.1:${gateway.port}`);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "syncgraph-readme-"));
  const config = readConfig({
    PORT: "0",
    DATABASE_URL: `sqlite:${join(folder, "readme.sqlite")}`,
    SYNCGRAPH_SANDBOX_SPEED: "10",
  });
  gateway = await startGateway(config, { log: pino({ level: "silent" }) });
});

afterAll(async () => {
  watcher?.kill();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<{ readonly data?: unknown; readonly errors?: unknown }> {
  const response = await fetch(gateway.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { readonly data?: unknown; readonly errors?: unknown };
}

/** Resolves with the watcher's output once it matches; rejects when the watcher ends first. */
function untilPrinted(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (pattern.test(printed)) resolve(printed);
    });
    child.once("exit", (code) => reject(new Error(`the watcher ended with ${code}: ${printed}`)));
  });
}

describe("the snippets of the documents", () => {
  it("are found", () => {
    expect(curls).toHaveLength(2);
    expect(of("graphql")).toHaveLength(5);
    expect(of("sh watch")).toHaveLength(1);
  });

  it("lead from the first command to a run's end in the watching terminal", async () => {
    const [watch] = of("sh watch");
    const [program = "", ...args] = (watch?.text ?? "").trim().split(" ");
    watcher = spawn(program, [...args, here("ws://127.0.0.1:4000/graphql")], { cwd: root });
    const ended = untilPrinted(watcher, /-> (SUCCESS|FAILED)/);
    await untilPrinted(watcher, /watching/);
    for (const { text } of curls) {
      const { stdout } = await run("bash", ["-euo", "pipefail", "-c", here(text)], { cwd: root });
      const answer = JSON.parse(stdout) as { readonly data: unknown; readonly errors?: unknown };
      expect(answer.errors, text).toBeUndefined();
      expect(JSON.stringify(answer.data)).not.toContain('"userErrors":[{');
    }
    expect(await ended).toContain("CREATED -> RUNNING");
  });

  it.each(of("graphql").map(({ text }) => [text.trim().split("\n")[0], text]))("are valid: %s", (_, text) => {
    expect(validate(buildGatewaySchema(), parse(text))).toEqual([]);
  });

  it.each(
    of("graphql")
      .filter(({ text }) => text.startsWith("query"))
      .map(({ text }) => [text.trim().split("\n")[0], text]),
  )("are answered without errors: %s", async (_, text) => {
    expect((await ask(text, {})).errors).toBeUndefined();
  });

  it("start a run with the mutation as it stands", async () => {
    const found = await ask("{ modelSyncs(first: 5, filter: {active: true}) { nodes { id } } }", {});
    const { modelSyncs } = found.data as {
      readonly modelSyncs: { readonly nodes: readonly { readonly id: string }[] };
    };
    const mutation = of("graphql").find(({ text }) => text.startsWith("mutation"))?.text ?? "";
    const answer = await ask(mutation, { definitionId: modelSyncs.nodes[2]?.id });
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toMatchObject({ triggerSync: { userErrors: [], syncs: [{ remoteId: expect.any(String) }] } });
  });

  it("name every variable of the environment the configuration reads", () => {
    const source = readFileSync(join(root, "src/server/config.ts"), "utf8");
    const schema = source.slice(source.indexOf("environmentSchema"), source.indexOf("const milliseconds"));
    const names = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(5);
    const operating = readFileSync(join(root, "docs/operating.md"), "utf8");
    expect(names.filter((name) => !operating.includes(`\`${name}\``))).toEqual([]);
  });

  it("give an example configuration that the configuration accepts", () => {
    const names = ["ROOTFI_API_KEY", "STUUT_TOKEN", "POLYTOMIC_API_KEY", "TRUTO_TOKEN", "TRUTO_WEBHOOK_ID"];
    const secrets = Object.fromEntries(names.map((name) => [name, `${name.toLowerCase()}-value`]));
    const config = readConfig({ ...secrets, SYNCGRAPH_CONFIG: join(root, "examples/syncgraph.yaml") });
    expect(config.providers.map(({ key }) => key)).toEqual(["rootfi", "stuut", "polytomic", "truto-eu"]);
    expect(config.sandbox).toBe(false);
  });
});
