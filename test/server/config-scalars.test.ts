// Single values of the YAML file as people write them: what is text stays as it is written, and what is wrong is said with what to do.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "../../src/server/config.ts";
import { nearestName } from "../../src/server/nearest-name.ts";
import { cannotOpenDatabase } from "../../src/server/start-error.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "syncgraph-scalars-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ONE = "providers:\n  - key: acme\n    kind: acme\n";

function read(yaml: string, environment: Readonly<Record<string, string>> = {}) {
  const file = join(folder, "syncgraph.yaml");
  writeFileSync(file, yaml);
  return readConfig({ ...environment, SYNCGRAPH_CONFIG: file });
}

function problemsOf(yaml: string, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    read(yaml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replace(`${folder}/`, ""));
    throw error;
  }
  return [];
}

describe("text without quotes", () => {
  test.each([
    ..."0123456789 12345678901234567890 12e10 0x1F2E3D4C 0o17 1.50 +5 -0 .5 1_000 1e400 .inf .nan true TRUE False".split(
      " ",
    ),
    ..."2026-01-01 12:30 yes off".split(" "),
  ])("%s is what stands there, for credentials, secrets and options", (written) => {
    const yaml = `${ONE}    credentials: { token: ${written} }\n    webhookSecret: ${written}\n    apiVersion: ${written}\n`;
    expect(read(yaml).providers).toMatchObject([
      { credentials: { token: written }, webhookSecrets: [written], options: { apiVersion: written } },
    ]);
  });

  test("may be a key, also through an alias", () => {
    const yaml = `providers:\n  - key: 007\n    kind: acme\n    credentials: { token: &same 0123 }\n    webhookSecret: [*same, 1.0]\n`;
    expect(read(yaml).providers).toMatchObject([
      { key: "007", credentials: { token: "0123" }, webhookSecrets: ["0123", "1.0"] },
    ]);
  });
});

test("a secret that ends in a line break is told without it, wherever it comes from", () => {
  const file = join(folder, "secret");
  writeFileSync(file, "from a file\r\n");
  const yaml = `${ONE}    credentials:\n      env: "\${NAME}"\n      file: "\${file:${file}}"\n      both: "\${NAME}:\${NAME}"\n      block: |\n        from a block\n      quoted: "quoted\\n"\n    webhookSecret:\n      - "\${NAME}"\n      - |\n        block\n`;
  expect(read(yaml, { NAME: "from there\n" }).providers).toMatchObject([
    {
      credentials: {
        env: "from there",
        file: "from a file",
        both: "from there:from there",
        block: "from a block",
        quoted: "quoted",
      },
      webhookSecrets: ["from there", "block"],
    },
  ]);
});

test("references stand for flags and numbers too", () => {
  const yaml = `${ONE}    allowPrivateAddress: \${FLAG}\n    poll: { fastMs: "\${MS}" }\n    rateLimit: { requests: "\${MANY}", perMs: 1e3 }\n`;
  expect(read(yaml, { FLAG: "true", MS: "500", MANY: "7\n" }).providers).toMatchObject([
    { allowPrivateAddress: true, poll: { fastMs: 500 }, rateLimit: { requests: 7, perMs: 1_000 } },
  ]);
});

test("a proxy is named for each provider, with a reference to its password", () => {
  const yaml = `${ONE}    outboundProxy: "http://user:\${PROXY_PASSWORD}@proxy.example:3128"\n`;
  expect(read(yaml, { PROXY_PASSWORD: "word" }).providers).toMatchObject([
    { outboundProxy: "http://user:word@proxy.example:3128", options: {} },
  ]);
});

describe("a mistake is told with what to do:", () => {
  test.each([
    ["allowPrivateAddress: maybe", ["providers.0.allowPrivateAddress: expected true or false"]],
    ["poll: { fastMs: soon }", ["providers.0.poll.fastMs: expected a whole number"]],
    ["poll: { fastMs: 10.5 }", ["providers.0.poll.fastMs: expected a whole number"]],
    ["credential: { token: x }", ["providers.0.credential: no setting has that name; did you mean credentials?"]],
    ["baseURl: https://x.example", ["providers.0.baseURl: no setting has that name; did you mean baseUrl?"]],
    ["settings: { a: 1 }", ["providers.0.settings: expected text, a number or a flag"]],
    [
      "baseUrl: api.stuut.ai/v1",
      ["providers.0.baseUrl: expected a URL with its scheme, such as https://api.stuut.ai/v1"],
    ],
    [
      "baseUrl: api.stuut.ai:443",
      ["providers.0.baseUrl: expected a URL with its scheme, such as https://api.stuut.ai:443"],
    ],
    [
      "baseUrl: user:word@host",
      ["providers.0.baseUrl: expected a URL with its scheme, such as https://api.example.com"],
    ],
  ])("%s", (line, expected) => {
    const problems = problemsOf(`${ONE}    ${line}\n`).map((problem) => problem.replace("syncgraph.yaml: ", ""));
    expect(problems).toEqual(expected.map((one) => expect.stringContaining(one)));
  });

  test("a merge key", () => {
    const yaml = `shared: &shared { kind: acme }\nproviders:\n  - key: a\n    <<: *shared\n`;
    expect(problemsOf(yaml)).toEqual([
      "SYNCGRAPH_CONFIG: syncgraph.yaml cannot be read: line 4, column 5: the merge key << is not read; write the settings out, or put an alias (*name) in the place of a whole value",
    ]);
  });

  test.each([
    [{ SYNCGRAPH_CONFG: "x" }, "SYNCGRAPH_CONFG: the gateway reads no such variable; did you mean SYNCGRAPH_CONFIG?"],
    [
      { SYNCGRPAH_SANDBOX: "on" },
      "SYNCGRPAH_SANDBOX: the gateway reads no such variable; did you mean SYNCGRAPH_SANDBOX?",
    ],
    [
      { SYNCGRAPH_RETENTION_DAY: "1" },
      "SYNCGRAPH_RETENTION_DAY: the gateway reads no such variable; did you mean SYNCGRAPH_RETENTION_DAYS?",
    ],
    [{ HOST: "127.0.0.1 localhost" }, "HOST: expected one address or name without blanks, such as 127.0.0.1"],
  ])("%j", (environment, expected) => {
    expect(problemsOf(ONE, environment)).toEqual([expected]);
  });

  test("all of them at once", () => {
    const yaml = `${ONE}    credential: x\n    baseUrl: nowhere.example\n    poll: { fastMs: 1 }\n`;
    expect(problemsOf(yaml, { PORT: "x", SYNCGRAPH_CONFG: "x" })).toHaveLength(5);
  });
});

test("variables of others, and blanks around ours, are no mistakes", () => {
  const environment = {
    SYNCGRAPH_DOOR: "1",
    SYNCGRAPH_CONFIG_FILE: "x",
    DATABASE_URI: "y",
    HOST: " 127.0.0.1\n",
    PORT: "80 ",
  };
  expect(readConfig(environment)).toMatchObject({ host: "127.0.0.1", port: 80 });
});

test.each([
  ["confg", "config"],
  ["CONFIG", "config"],
  ["cofnig", "config"],
  ["konfigg", "config"],
  ["configuration", null],
  ["con", null],
])("the nearest name to %s is %s", (given, expected) => {
  expect(nearestName(given, ["sandbox", "config"])).toBe(expected);
});

test.each(["EACCES", "EROFS", "SQLITE_CANTOPEN", "SQLITE_READONLY"])(
  "a folder that cannot be written to (%s) is told with what to do",
  (code) => {
    const refused = cannotOpenDatabase(Object.assign(new Error("no"), { code }), "sqlite:/data/x.sqlite");
    expect(refused.message).toBe(
      "The database sqlite:/data/x.sqlite cannot be opened: no. This user must be able to write the file and its folder: give it the right to, mount the folder so that it can be written to, or set DATABASE_URL to a file elsewhere.",
    );
  },
);
