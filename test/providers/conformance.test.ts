// What every provider must be, whoever wrote it: its folder, its settings, what it claims and what it does not. Calls that fail are in
// `conformance-failures.test.ts`, whole runs in `conformance-runs.test.ts`.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DefinitionKind } from "../../src/domain/definition.ts";
import { loadProviderModules } from "../../src/providers/registry.ts";
import { adapterAt, settingsOf } from "../support/adapter-at-fake-vendor.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { capabilitiesOf } from "../support/conformance.ts";
import { kindOf, questionsOf, startOf } from "../support/conformance-questions.ts";
import { loadRows, loadVendorRows } from "../support/provider-modules.ts";
import { allOf, refusal } from "../support/provider-values.ts";

const rows = await loadVendorRows();
/** What the port asks of everyone; the rest of it exists only where a capability says so. */
const PORT = [
  "key",
  "kind",
  "capabilities",
  "listLinkedAccounts",
  "listDefinitions",
  "getDefinition",
  "checkStart",
  "start",
  "observe",
  "discover",
  "close",
];
/** In the order of the alphabet. */
const DISCOVERY = [
  "creationValues",
  "models",
  "scheduleOptions",
  "source",
  "sourceFields",
  "targetObject",
  "targetObjects",
];

describe("the suite", () => {
  it("runs on every vendor folder there is", async () => {
    expect(rows.length).toBeGreaterThan(0);
    expect([...new Set(rows.map(({ kind }) => kind))]).toEqual([...(await loadProviderModules()).keys()]);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  it("fails for a vendor that does not say what it needs", async () => {
    await expect(loadRows("nobody")).rejects.toThrow(/test\/providers\/nobody\/conformance\.ts: expected/);
  });
});

describe.each(rows.filter(({ kind, name }) => kind === name))("the module of $name", ({ kind, vendor }) => {
  const { module } = vendor;
  const inFolder = (file: string) => new URL(`../../src/providers/${kind}/${file}`, import.meta.url);

  it("is named after its folder, which has everything a vendor's folder has", () => {
    expect(module.kind).toBe(kind);
    expect(module.displayName.trim()).not.toBe("");
    const missing = [
      "index.ts",
      "api.ts",
      "wire-types.ts",
      "map.ts",
      "errors.ts",
      "sandbox.ts",
      "README.md",
      "fixtures",
    ];
    expect(missing.filter((file) => !existsSync(inFolder(file)))).toEqual([]);
  });

  it("has a file for webhooks exactly if it claims them", () => {
    expect(existsSync(inFolder("webhook.ts"))).toBe(module.capabilities.webhooks);
  });
});

describe.each(rows)("what $name claims", ({ vendor }) => {
  const capabilities = capabilitiesOf(vendor);

  it("fits together", () => {
    const { startOptions, requiredStartOptions, poll, rateLimit, syncJobs, modelSyncs } = capabilities;
    expect(syncJobs || modelSyncs).toBe(true);
    expect(startOptions).toEqual(expect.arrayContaining([...requiredStartOptions]));
    expect(poll.fastMs).toBeGreaterThan(0);
    expect(poll.slowMs).toBeGreaterThanOrEqual(poll.fastMs);
    expect(Math.min(poll.discoverMs, rateLimit.requests, rateLimit.perMs)).toBeGreaterThan(0);
  });

  it("is changing only what it has, and making only what can be changed", () => {
    const { syncJobs, modelSyncs, modelSyncCrud, syncJobCrud, syncJobUpdate, schedules } = capabilities;
    expect(modelSyncCrud && !modelSyncs).toBe(false);
    expect((syncJobUpdate || schedules) && !syncJobs).toBe(false);
    expect(syncJobCrud && !syncJobUpdate).toBe(false);
  });
});

describe.each(rows)("the settings of $name", ({ vendor }) => {
  const { module } = vendor;
  const good = settingsOf(vendor, { baseUrl: "https://vendor.example" });

  it("give an endpoint whose secrets are named", () => {
    const parsed = module.parseConfig(good);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { baseUrl, headers, secrets } = module.endpoint(parsed.config);
    expect(baseUrl).toMatch(/^https:\/\/vendor\.example(?:\/.*[^/])?$/);
    for (const credential of Object.values(vendor.credentials)) {
      expect(secrets).toContain(credential);
      expect(JSON.stringify(headers)).toContain(credential);
    }
  });

  const refused = [
    ["no credentials", { credentials: {} }, [["credentials"]]] as const,
    ["empty credentials", { credentials: blanked(vendor.credentials) }, [["credentials"]]] as const,
    [
      "a credential that the vendor does not have",
      { credentials: { ...vendor.credentials, unheardOf: "x" } },
      [["credentials", "unheardOf"]],
    ] as const,
    ["an option that the vendor does not have", { options: { unheardOf: "x" } }, [["options", "unheardOf"]]] as const,
    ["an address that is none", { baseUrl: "nowhere" }, [["baseUrl"]]] as const,
    ["an address of another protocol", { baseUrl: "file:///etc" }, [["baseUrl"]]] as const,
    ...vendor.badSettings,
  ];
  it.each(refused)("are refused with %s, which the problem names", (_case, changes, paths) => {
    const parsed = module.parseConfig({ ...good, ...changes });
    const problems = parsed.ok ? [] : parsed.problems;
    expect(problems.map(({ path }, index) => path.slice(0, paths[index]?.length))).toEqual(paths);
    for (const { message } of problems) expect(message).toMatch(/\w+ \w+/);
  });

  it("are refused without repeating a credential", () => {
    const credentials = Object.fromEntries(
      Object.keys(vendor.credentials).map((name) => [name, "planted secret\r\nof mine"]),
    );
    const parsed = module.parseConfig({ ...good, baseUrl: "nowhere", credentials });
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toMatch(/planted|of mine/);
  });
});

describe.each(rows)("an instance of $name", ({ kind, vendor }) => {
  const capabilities = capabilitiesOf(vendor);

  it("has the methods of the port and those it claims, and no others", async () => {
    await using at = await adapterAt(vendor, () => undefined);
    const { cancel, lookupByTime, webhooks, schemaDiscovery } = capabilities;
    const claimed = [
      ...(cancel ? ["cancel"] : []),
      ...(lookupByTime ? ["findStarted"] : []),
      ...(webhooks ? ["verifyWebhook", "interpretWebhook"] : []),
      ...(schemaDiscovery ? ["schemaDiscovery"] : []),
      ...(Object.keys(editorsOf(capabilities)).length > 0 ? ["editors"] : []),
    ];
    // Not every vendor that reports events keeps them, not every one that cancels can cancel all at once, nor is every clock or account known,
    // nor can each be asked for a part of the time or for a run's arguments.
    const free = [
      "theirTimes",
      "remoteAccount",
      "startedWith",
      "discoversUntil",
      ...(webhooks ? ["missedEvents"] : []),
      ...(cancel ? ["cancelAll"] : []),
    ];
    const methods = Object.keys(at.provider).filter((name) => !free.includes(name));
    expect(methods.toSorted()).toEqual([...PORT, ...claimed].toSorted());
    expect(at.provider).toMatchObject({ key: vendor.key, kind, capabilities });
  });

  it("has the editors it claims, each with the methods of the port, and no others", async () => {
    await using at = await adapterAt(vendor, () => undefined);
    const { editors = {}, schemaDiscovery = {} } = at.provider;
    const present = Object.entries(editors).map(([name, editor]) => [name, Object.keys(editor).toSorted()] as const);
    expect(Object.fromEntries(present)).toEqual(editorsOf(capabilities));
    expect(Object.keys(schemaDiscovery).toSorted()).toEqual(capabilities.schemaDiscovery ? DISCOVERY : []);
  });

  it("looks as often as the settings say", async () => {
    await using at = await adapterAt(vendor, () => undefined, { settings: { poll: { fastMs: 250 } } });
    expect(at.provider.capabilities).toEqual({ ...capabilities, poll: { ...capabilities.poll, fastMs: 250 } });
  });

  it("knows no definition of a kind it does not claim, and asks nobody for one", async () => {
    await using at = await adapterAt(vendor, () => undefined);
    const unclaimed = Object.values(DefinitionKind).filter((candidate) => candidate !== kindOf(vendor));
    for (const other of capabilities.syncJobs && capabilities.modelSyncs ? [] : unclaimed) {
      const failure = await refusal(at.provider.getDefinition(startOf(vendor).definition.remoteId, other));
      expect(failure).toMatchObject({ code: "PROVIDER_NOT_FOUND", sent: false });
    }
  });

  it("takes an id that fits into no path for one that does not exist", async () => {
    await using at = await adapterAt(vendor, () => ({ json: vendor.emptyList }));
    const request = startOf(vendor);
    const start = at.provider.start({ ...request, definition: { ...request.definition, remoteId: ".." } }, "key");
    // A vendor that names the definition in the body alone may be asked; its answer to this one is nonsense.
    expect(["PROVIDER_NOT_FOUND", "PROVIDER_BAD_RESPONSE"]).toContain((await refusal(start)).code);
    expect(await refusal(at.provider.getDefinition("..", kindOf(vendor)))).toMatchObject({
      code: "PROVIDER_NOT_FOUND",
    });
  });

  it("asks nothing about no runs", async () => {
    await using at = await adapterAt(vendor, () => undefined);
    expect(await at.provider.observe([], { tasks: true })).toEqual({ observations: [], missing: [] });
  });

  it.each(["listLinkedAccounts", "listDefinitions", "discover"])("finds nothing in an empty list: %s", async (name) => {
    await using at = await adapterAt(vendor, () => ({ json: vendor.emptyList }));
    const question = questionsOf(vendor).find((candidate) => candidate.name === name);
    expect(await question?.ask(at.provider)).toEqual([]);
    expect(at.vendor.requests.length).toBeGreaterThan(0);
  });

  it("sends its headers with every request", async () => {
    await using at = await adapterAt(vendor, () => ({ json: vendor.emptyList }));
    await allOf(at.provider.listLinkedAccounts());
    for (const { headers } of at.vendor.requests) expect(headers).toMatchObject(vendor.headers);
  });
});

function blanked(credentials: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(credentials).map((name) => [name, ""]));
}

/** The editors that capabilities claim, with their methods in the order of the alphabet. */
function editorsOf(capabilities: Capabilities): Readonly<Record<string, readonly string[]>> {
  const { modelSyncCrud, syncJobUpdate, syncJobCrud, schedules } = capabilities;
  const jobs = syncJobCrud ? ["check", "create", "delete", "update"] : ["check", "update"];
  return {
    ...(modelSyncCrud ? { modelSyncs: ["check", "create", "delete", "setActive", "update"] } : {}),
    ...(syncJobUpdate ? { syncJobs: jobs } : {}),
    ...(schedules ? { schedules: ["check", "put", "remove"] } : {}),
  };
}
