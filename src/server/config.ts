// The whole configuration, read once from the environment and the YAML file, checked at once, and frozen.
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { PollIntervals, ProviderSettings } from "../domain/provider-port.ts";
import { DEFAULT_DATABASE_URL, DEFAULT_POOL_SIZE } from "../store/data-source.ts";
import { resolveReferences } from "./config-references.ts";
import { address, flag, secret, text, wholeNumber } from "./config-scalars.ts";
import { nearestName } from "./nearest-name.ts";
import { readYaml } from "./read-yaml.ts";
import { canonicalOrigin, parseHost, type HostName } from "./web-addresses.ts";

export interface ProviderConfig extends ProviderSettings {
  readonly kind: string;
  /** The proxy through which the vendor is called; null calls it directly. */
  readonly outboundProxy?: string | null;
}

export interface GatewayConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly databaseUrl: string;
  /** Connections to PostgreSQL, at most. */
  readonly databasePool: number;
  /** Shares due work and news with other gateways on the same database. Null: this gateway is the only one. */
  readonly redisUrl: string | null;
  /** How long history is kept; null keeps everything. */
  readonly retentionDays: number | null;
  /** How long a run stays open whose status word nobody knows. */
  readonly unknownRunsDays: number;
  readonly sandbox: boolean;
  /** How much faster than life the sandboxes' runs go. */
  readonly sandboxSpeed: number;
  /** How long a connection on which a request may still come is kept. Longer than load balancers keep theirs. */
  readonly keepAliveMs: number;
  /** How long it goes on serving once it was told to stop, so that load balancers notice before connections are refused. */
  readonly drainMs: number;
  readonly logLevel: string;
  /** Names it is asked by on `/` and `/graphql`, beside loopback's. */
  readonly allowedHosts: readonly HostName[];
  /** Web origins whose pages may use it, beside its own. */
  readonly allowedOrigins: readonly string[];
  /** Connections it takes at once. Null: as many as the process may have files open, less some. */
  readonly maxConnections: number | null;
  readonly providers: readonly ProviderConfig[];
}

/** Every problem of the configuration, so that nobody mends them one start at a time. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n${problems.map((one) => `  - ${one}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Where made-up vendors are all there is: whoever goes on to real ones begins with an empty store. */
const UNKNOWN_RUNS_DAYS = 7;
const SANDBOX_DATABASE_URL = "sqlite:./data/sandbox.sqlite";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Values with commas between them; every one that cannot be read is named. */
const listOf = <Value>(parse: (text: string) => Value | null, expected: string) =>
  z
    .string()
    .transform((text, context) => {
      const parts = text.split(",").map((part) => part.trim());
      return parts.flatMap((part) => {
        const value = parse(part);
        if (value === null) context.addIssue({ code: "custom", message: `expected ${expected}; got "${part}"` });
        return value === null ? [] : [value];
      });
    })
    .default([]);

const environmentSchema = z.object({
  // Coercion would make 0, any free port, of a blank.
  PORT: z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.number().max(65_535))
    .default(4000),
  HOST: z
    .string()
    .refine((host) => LOOPBACK.has(host), {
      error: ({ input }) =>
        /\s/u.test(String(input))
          ? "expected one address or name without blanks, such as 127.0.0.1"
          : `${String(input)} can be reached by others, and no authentication is configured. Use 127.0.0.1, with a proxy that authenticates in front.`,
    })
    .default("127.0.0.1"),
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, "expected sqlite:<file> or postgres://...")
    .optional(),
  // One is taken up by what may take long, and one more ends it.
  SYNCGRAPH_DATABASE_POOL: z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.number().min(2).max(1_000))
    .default(DEFAULT_POOL_SIZE),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/.+$/, "expected redis://...")
    .optional(),
  SYNCGRAPH_CONFIG: z.string().min(1).optional(),
  // A day at least: that long an idempotency key is kept, and that far back a new gateway looks for runs.
  SYNCGRAPH_UNKNOWN_RUNS_DAYS: z.coerce.number("expected a number of days").min(1).max(36_500).optional(),
  SYNCGRAPH_RETENTION_DAYS: z.coerce.number("expected a number of days").min(1).max(36_500).optional(),
  SYNCGRAPH_SANDBOX: z.enum(["on", "off"]).optional(),
  SYNCGRAPH_SANDBOX_SPEED: z.coerce.number().positive().max(1_000).default(1),
  SYNCGRAPH_KEEP_ALIVE_SECONDS: z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.number().min(1).max(3_600))
    .default(65),
  SYNCGRAPH_DRAIN_SECONDS: z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.number().max(300))
    .default(0),
  SYNCGRAPH_ALLOWED_HOSTS: listOf(
    parseHost,
    "host names without a scheme, such as gateway.example.com or gateway.example.com:8443, with commas between them",
  ),
  SYNCGRAPH_ALLOWED_ORIGINS: listOf(
    canonicalOrigin,
    "web origins without a path or a pattern, such as http://localhost:5173, with commas between them",
  ),
  SYNCGRAPH_MAX_CONNECTIONS: z
    .string()
    .regex(/^\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.number().min(1).max(1_000_000))
    .optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
});

const milliseconds = wholeNumber(z.int("expected a whole number").min(10).max(86_400_000));

const providerSchema = z
  .object({
    key: text.pipe(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected lower-case letters, digits and dashes, at most 63"),
    ),
    kind: text.pipe(z.string().min(1)),
    baseUrl: address.optional(),
    credentials: z.record(z.string(), text).default({}),
    webhookSecret: z.union([secret.transform((one) => [one]), z.array(secret)]).default([]),
    allowPrivateAddress: flag.default(false),
    outboundProxy: address.optional(),
    rateLimit: z
      .strictObject({ requests: wholeNumber(z.int("expected a whole number").min(1)), perMs: milliseconds })
      .optional(),
    poll: z
      .strictObject({ fastMs: milliseconds, slowMs: milliseconds, discoverMs: milliseconds })
      .partial()
      .default({}),
  })
  // What else stands there is the vendor's own, such as `apiVersion`; its module checks it.
  .catchall(text);

const fileSchema = z.strictObject({ providers: z.array(providerSchema).default([]) });

/**
 * @param environment usually `process.env`
 * @throws ConfigError with all problems
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const problems: string[] = [];
  const parsed = environmentSchema.safeParse(tidied(environment));
  problems.push(...misspelt(environment));
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`));
  const file = environment["SYNCGRAPH_CONFIG"]?.trim();
  const providers = file === undefined || file === "" ? [] : readProviders(file, environment, problems);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const values = parsed.data;
  const sandbox = values.SYNCGRAPH_SANDBOX === undefined ? providers.length === 0 : values.SYNCGRAPH_SANDBOX === "on";
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    databaseUrl:
      values.DATABASE_URL ?? (sandbox && providers.length === 0 ? SANDBOX_DATABASE_URL : DEFAULT_DATABASE_URL),
    databasePool: values.SYNCGRAPH_DATABASE_POOL,
    redisUrl: values.REDIS_URL ?? null,
    unknownRunsDays: values.SYNCGRAPH_UNKNOWN_RUNS_DAYS ?? UNKNOWN_RUNS_DAYS,
    retentionDays: values.SYNCGRAPH_RETENTION_DAYS ?? null,
    sandbox,
    sandboxSpeed: values.SYNCGRAPH_SANDBOX_SPEED,
    keepAliveMs: values.SYNCGRAPH_KEEP_ALIVE_SECONDS * 1_000,
    drainMs: values.SYNCGRAPH_DRAIN_SECONDS * 1_000,
    logLevel: values.LOG_LEVEL,
    allowedHosts: values.SYNCGRAPH_ALLOWED_HOSTS,
    allowedOrigins: values.SYNCGRAPH_ALLOWED_ORIGINS,
    maxConnections: values.SYNCGRAPH_MAX_CONNECTIONS ?? null,
    providers,
  });
}

function readProviders(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): readonly ProviderConfig[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    problems.push(
      `SYNCGRAPH_CONFIG: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
  const mistakes: string[] = [];
  const raw = readYaml(text, mistakes);
  problems.push(...mistakes.map((mistake) => `SYNCGRAPH_CONFIG: ${file} cannot be read: ${mistake}`));
  if (mistakes.length > 0) return [];
  const resolved = resolveReferences(raw ?? {}, environment, problems);
  for (const key of keysThereTwice(resolved)) {
    problems.push(`${file}: providers: the key "${key}" is there twice; every provider needs a key of its own`);
  }
  const named = misspeltSettings(resolved);
  problems.push(...named.map((problem) => `${file}: ${problem}`));
  const parsed = fileSchema.safeParse(resolved);
  if (!parsed.success) {
    const told = parsed.error.issues.filter(({ path }) => !named.some((one) => one.startsWith(`${path.join(".")}: `)));
    problems.push(
      ...told.map((issue) =>
        [file, ...(issue.path.length === 0 ? [] : [issue.path.join(".")]), issue.message].join(": "),
      ),
    );
    return [];
  }
  // Not taken for a first run: a file that was not written or not mounted would fill a database with made-up runs.
  if (parsed.data.providers.length === 0 && !environment["SYNCGRAPH_SANDBOX"])
    problems.push(
      `${file}: names no provider; name one, or set SYNCGRAPH_SANDBOX to on for made-up vendors, to off for none`,
    );
  return parsed.data.providers.map(toProviderConfig);
}

/** Looked for in whatever is there, so that other problems do not hide it. */
function keysThereTwice(file: unknown): ReadonlySet<string> {
  const found = z.object({ providers: z.array(z.object({ key: z.unknown() })) }).safeParse(file);
  const keys = found.success ? found.data.providers.map(({ key }) => key).filter((key) => typeof key === "string") : [];
  return new Set(keys.filter((key, index) => keys.indexOf(key) !== index));
}

function toProviderConfig(provider: z.infer<typeof providerSchema>): ProviderConfig {
  const {
    key,
    kind,
    baseUrl,
    credentials,
    webhookSecret,
    allowPrivateAddress,
    outboundProxy,
    poll,
    rateLimit,
    ...options
  } = provider;
  return {
    key,
    kind,
    baseUrl: baseUrl === undefined ? null : baseUrl.replace(/\/+$/, ""),
    credentials,
    webhookSecrets: webhookSecret,
    allowPrivateAddress,
    ...(outboundProxy === undefined ? {} : { outboundProxy }),
    poll: definedOnly(poll),
    rateLimit: rateLimit ?? null,
    options,
  };
}

function definedOnly(poll: { readonly [Name in keyof PollIntervals]?: number | undefined }): Partial<PollIntervals> {
  return Object.fromEntries(Object.entries(poll).filter(([, value]) => value !== undefined));
}

/** An empty variable is one that is not set: that is how shells and compose files leave things out. Blanks around a value mean nothing. */
function tidied(environment: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, value?.trim() === "" ? value : value?.trim()]),
  );
}

/** Variables that nobody reads, and whose names are nearly ours. */
function misspelt(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const known = Object.keys(environmentSchema.shape);
  // Only names that cannot be anybody else's: DATABASE_URI may be another program's.
  const ours = known.filter((name) => name.startsWith("SYNCGRAPH_"));
  return Object.keys(environment).flatMap((name) => {
    const meant = known.includes(name) ? null : nearestName(name, ours);
    return meant === null ? [] : [`${name}: the gateway reads no such variable; did you mean ${meant}?`];
  });
}

/** A misspelt setting of all providers would be taken for one of the vendor's own. */
function misspeltSettings(file: unknown): readonly string[] {
  const found = z.object({ providers: z.array(z.record(z.string(), z.unknown())) }).safeParse(file);
  const known = Object.keys(providerSchema.shape);
  return (found.success ? found.data.providers : []).flatMap((provider, index) =>
    Object.keys(provider).flatMap((name) => {
      const meant = known.includes(name) ? null : nearestName(name, known);
      return meant === null ? [] : [`providers.${index}.${name}: no setting has that name; did you mean ${meant}?`];
    }),
  );
}
