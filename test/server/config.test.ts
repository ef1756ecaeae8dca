// The configuration: what is taken, what is refused, and that every problem is told at once.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../src/server/config.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "syncgraph-config-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The environment that names a file with this text. */
function withFile(yaml: string, environment: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const file = join(folder, "syncgraph.yaml");
  writeFileSync(file, yaml);
  return { ...environment, SYNCGRAPH_CONFIG: file };
}

function problemsOf(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ONE = "providers:\n  - key: acme\n    kind: acme\n";

describe("the environment", () => {
  it("may be empty: everything has a default", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 4000,
      databaseUrl: "sqlite:./data/sandbox.sqlite",
      redisUrl: null,
      sandbox: true,
      sandboxSpeed: 1,
      drainMs: 0,
      retentionDays: null,
      unknownRunsDays: 7,
      logLevel: "info",
      allowedHosts: [],
      allowedOrigins: [],
      maxConnections: null,
      databasePool: 10,
      keepAliveMs: 65_000,
      providers: [],
    });
  });

  it("takes an empty variable for one that is not set", () => {
    const empty = {
      PORT: "",
      HOST: "",
      DATABASE_URL: "",
      REDIS_URL: "",
      SYNCGRAPH_CONFIG: "",
      SYNCGRAPH_SANDBOX: "",
      SYNCGRAPH_SANDBOX_SPEED: "",
      SYNCGRAPH_DRAIN_SECONDS: "",
      LOG_LEVEL: "",
      SYNCGRAPH_ALLOWED_HOSTS: "",
      SYNCGRAPH_ALLOWED_ORIGINS: "",
      SYNCGRAPH_MAX_CONNECTIONS: "",
      SYNCGRAPH_DATABASE_POOL: "",
      SYNCGRAPH_KEEP_ALIVE_SECONDS: "",
    };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it.each([
    ["PORT", "0", "port", 0],
    ["PORT", "65535", "port", 65_535],
    ["HOST", "localhost", "host", "localhost"],
    ["HOST", "::1", "host", "::1"],
    ["SYNCGRAPH_KEEP_ALIVE_SECONDS", "120", "keepAliveMs", 120_000],
    ["SYNCGRAPH_DATABASE_POOL", "2", "databasePool", 2],
    ["SYNCGRAPH_DATABASE_POOL", "1000", "databasePool", 1_000],
    ["DATABASE_URL", "sqlite:/var/lib/it.sqlite", "databaseUrl", "sqlite:/var/lib/it.sqlite"],
    ["DATABASE_URL", "postgres://user:word@host/name", "databaseUrl", "postgres://user:word@host/name"],
    ["DATABASE_URL", "postgresql://host/name", "databaseUrl", "postgresql://host/name"],
    ["REDIS_URL", "redis://:word@host:6379/1", "redisUrl", "redis://:word@host:6379/1"],
    ["REDIS_URL", "rediss://host", "redisUrl", "rediss://host"],
    ["SYNCGRAPH_SANDBOX_SPEED", "2.5", "sandboxSpeed", 2.5],
    ["SYNCGRAPH_DRAIN_SECONDS", "15", "drainMs", 15_000],
    ["SYNCGRAPH_UNKNOWN_RUNS_DAYS", "3", "unknownRunsDays", 3],
    ["SYNCGRAPH_RETENTION_DAYS", "1", "retentionDays", 1],
    ["SYNCGRAPH_RETENTION_DAYS", "90.5", "retentionDays", 90.5],
    ["LOG_LEVEL", "silent", "logLevel", "silent"],
    ["SYNCGRAPH_MAX_CONNECTIONS", "50", "maxConnections", 50],
  ])("%s=%s is taken", (name, value, key, expected) => {
    expect(readConfig({ [name]: value })).toMatchObject({ [key]: expected });
  });

  it.each([
    ["PORT", "abc"],
    ["PORT", "-1"],
    ["PORT", "65536"],
    ["PORT", "80.5"],
    ["PORT", " "],
    ["DATABASE_URL", "mysql://host/name"],
    ["DATABASE_URL", "sqlite:"],
    ["REDIS_URL", "http://host"],
    ["SYNCGRAPH_SANDBOX", "yes"],
    ["SYNCGRAPH_SANDBOX_SPEED", "0"],
    ["SYNCGRAPH_SANDBOX_SPEED", "-1"],
    ["SYNCGRAPH_SANDBOX_SPEED", "1001"],
    ["SYNCGRAPH_SANDBOX_SPEED", "fast"],
    ["SYNCGRAPH_DRAIN_SECONDS", "301"],
    ["SYNCGRAPH_DRAIN_SECONDS", "-1"],
    ["SYNCGRAPH_DRAIN_SECONDS", " "],
    ["SYNCGRAPH_RETENTION_DAYS", "0.9"],
    ["SYNCGRAPH_RETENTION_DAYS", "36501"],
    ["SYNCGRAPH_RETENTION_DAYS", "a month"],
    ["LOG_LEVEL", "loud"],
    ["SYNCGRAPH_DATABASE_POOL", "1"],
    ["SYNCGRAPH_DATABASE_POOL", "many"],
    ["SYNCGRAPH_KEEP_ALIVE_SECONDS", "0"],
    ["SYNCGRAPH_KEEP_ALIVE_SECONDS", "3601"],
    ["SYNCGRAPH_MAX_CONNECTIONS", "0"],
    ["SYNCGRAPH_MAX_CONNECTIONS", "many"],
    ["SYNCGRAPH_CONFIG", "/nowhere/syncgraph.yaml"],
  ])("%s=%s is refused by name", (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
  });

  it.each(["0.0.0.0", "::", "192.168.0.10", "gateway.example.com"])(
    "HOST=%s is refused while nobody has to say who they are",
    (host) => {
      expect(problemsOf({ HOST: host })).toEqual([expect.stringMatching(/^HOST: .*no authentication is configured/)]);
    },
  );

  it("does not repeat a password in a problem", () => {
    expect(
      problemsOf({ DATABASE_URL: "mysql://user:secret-word@host/name", REDIS_URL: "secret-word" }).join(),
    ).not.toContain("secret-word");
  });

  it("cannot be changed once it was read", () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});

describe("the sandbox switch", () => {
  it.each([
    [undefined, ONE, false],
    ["on", ONE, true],
    ["off", "", false],
    ["on", "", true],
    ["off", ONE, false],
  ])("%s with the file %j gives %s", (value, yaml, expected) => {
    const environment = withFile(yaml);
    expect(readConfig(value === undefined ? environment : { ...environment, SYNCGRAPH_SANDBOX: value }).sandbox).toBe(
      expected,
    );
  });
});

describe("the store, when nobody names one,", () => {
  it.each([
    ["made-up vendors alone", "", "on", "sandbox"],
    ["real vendors", ONE, "off", "syncgraph"],
    ["real vendors and made-up ones", ONE, "on", "syncgraph"],
    ["no vendor", "", "off", "syncgraph"],
  ])("of %s is a file of their own", (_, yaml, sandbox, file) => {
    expect(readConfig(withFile(yaml, { SYNCGRAPH_SANDBOX: sandbox })).databaseUrl).toBe(`sqlite:./data/${file}.sqlite`);
  });
});

describe("the file", () => {
  it("says everything about a provider", () => {
    const yaml = `
providers:
  - key: truto-eu
    kind: truto
    baseUrl: https://api.example.com/
    credentials: { token: "\${TOKEN}" }
    webhookSecret: [new, old]
    allowPrivateAddress: true
    poll: { fastMs: 500, discoverMs: 60000 }
    rateLimit: { requests: 5, perMs: 1000 }
    apiVersion: 4
`;
    expect(readConfig(withFile(yaml, { TOKEN: "t0ken" })).providers).toEqual([
      {
        key: "truto-eu",
        kind: "truto",
        baseUrl: "https://api.example.com",
        credentials: { token: "t0ken" },
        webhookSecrets: ["new", "old"],
        allowPrivateAddress: true,
        poll: { fastMs: 500, discoverMs: 60_000 },
        rateLimit: { requests: 5, perMs: 1_000 },
        options: { apiVersion: "4" },
      },
    ]);
  });

  it("may say as little as key and kind", () => {
    expect(readConfig(withFile(ONE)).providers).toEqual([
      {
        key: "acme",
        kind: "acme",
        baseUrl: null,
        credentials: {},
        webhookSecrets: [],
        allowPrivateAddress: false,
        poll: {},
        rateLimit: null,
        options: {},
      },
    ]);
  });

  it("takes numbers for credentials and one webhook secret without a list", () => {
    const yaml = `${ONE}    credentials: { token: 12345 }\n    webhookSecret: only\n`;
    expect(readConfig(withFile(yaml)).providers).toMatchObject([
      { credentials: { token: "12345" }, webhookSecrets: ["only"] },
    ]);
  });

  it.each([
    ["broken YAML", "providers: [", /^SYNCGRAPH_CONFIG: .* cannot be read: /],
    ["one name twice in a provider", `${ONE}    kind: other\n`, /^SYNCGRAPH_CONFIG: .* cannot be read: .*unique/],
    ["a stranger at the top", "provider: []", /provider/],
    ["providers that are no list", "providers: acme", /providers: /],
    ["a list where the settings belong", "- acme", /syncgraph\.yaml: /],
    ["a provider without a kind", "providers:\n  - key: acme\n", /providers\.0\.kind: /],
    ["a key with capitals", "providers:\n  - key: Acme\n    kind: acme\n", /providers\.0\.key: expected lower-case/],
    ["a key that is too long", `providers:\n  - key: ${"a".repeat(64)}\n    kind: acme\n`, /providers\.0\.key: /],
    ["a base URL that is none", `${ONE}    baseUrl: nowhere\n`, /providers\.0\.baseUrl: expected a URL/],
    ["an unknown poll setting", `${ONE}    poll: { quickMs: 500 }\n`, /providers\.0\.poll: .*quickMs/],
    ["polling without a pause", `${ONE}    poll: { fastMs: 0 }\n`, /providers\.0\.poll\.fastMs: /],
    ["half a rate limit", `${ONE}    rateLimit: { requests: 5 }\n`, /providers\.0\.rateLimit\.perMs: /],
    [
      "a rate limit of nothing",
      `${ONE}    rateLimit: { requests: 0, perMs: 1000 }\n`,
      /providers\.0\.rateLimit\.requests: /,
    ],
    [
      "a variable that is not set",
      `${ONE}    credentials: { token: "\${MISSING}" }\n`,
      /^providers\.0\.credentials\.token: the environment variable MISSING is not set/,
    ],
    [
      "a secret file that is not there",
      `${ONE}    credentials: { token: "\${file:/nowhere/token}" }\n`,
      /^providers\.0\.credentials\.token: the file \/nowhere\/token cannot be read/,
    ],
    ["a tag that means nothing here", `${ONE}    credentials: { token: !env TOKEN }\n`, /cannot be read: .*tag/],
    ["an empty webhook secret", `${ONE}    webhookSecret: ""\n`, /providers\.0\.webhookSecret: /],
    ["one empty webhook secret of two", `${ONE}    webhookSecret: [new, ""]\n`, /providers\.0\.webhookSecret/],
    ["nothing in it", "", /names no provider; name one, or set SYNCGRAPH_SANDBOX/],
    ["a comment only", "# to be written\n", /names no provider/],
    ["no providers", "providers: []", /names no provider/],
    ["one key for two providers", `${ONE}  - key: acme\n    kind: other\n`, /the key "acme" is there twice/],
  ])("is refused for %s", (_case, yaml, problem) => {
    expect(problemsOf(withFile(yaml))).toEqual([expect.stringMatching(problem)]);
  });

  // Passwords begin with all of these.
  it.each([
    `"PLANTED`,
    `PLANTED: x`,
    `"x" PLANTED`,
    `@PLANTED`,
    `*PLANTED`,
    `!PLANTED`,
    `!!PLANTED`,
    `|PLANTED`,
    `>PLANTED`,
    `]PLANTED`,
    `"\\qPLANTED"`,
    `x\n%PLANTED`,
    `&PLANTED *PLANTED`,
    `\n\tPLANTED`,
  ])("is not quoted where it is no YAML: %j", (value) => {
    const problems = problemsOf(withFile(`${ONE}    credentials:\n      token: ${value}\n`));
    expect(problems).not.toEqual([]);
    expect(problems.join()).not.toContain("PLANTED");
  });

  it("says in which line it is no YAML", () => {
    expect(problemsOf(withFile(`${ONE}    baseUrl: a: b\n`))).toEqual([
      expect.stringMatching(/cannot be read: line 4, column 14: Nested mappings are not allowed/),
    ]);
  });

  it("with problems is told about whole, together with the environment", () => {
    const yaml = `
providers:
  - { key: acme, kind: acme, baseUrl: nowhere, credentials: { token: "\${MISSING}" } }
  - { key: acme, kind: acme, poll: { fastMs: 1 } }
`;
    const problems = problemsOf(withFile(yaml, { PORT: "abc", LOG_LEVEL: "loud", HOST: "0.0.0.0" }));
    const expected = [
      /^PORT: /,
      /^LOG_LEVEL: /,
      /^HOST: /,
      /token: .*MISSING/,
      /0\.baseUrl: /,
      /1\.poll\.fastMs: /,
      /"acme" is there twice/,
    ];
    expect(problems.toSorted()).toEqual(expect.arrayContaining(expected.map((one) => expect.stringMatching(one))));
    expect(problems).toHaveLength(expected.length);
  });

  it("puts all its problems into the message, a line each", () => {
    expect(new ConfigError(["one", "two"]).message).toBe("The configuration has 2 problems:\n  - one\n  - two");
    expect(new ConfigError(["one"]).message).toBe("The configuration has a problem:\n  - one");
  });
});
