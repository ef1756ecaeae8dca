// What is refused of a sync job before Truto is called: table of drafts and changes, and the place of each problem.
import { describe, expect, it } from "vitest";
import type { SyncJobDraft, SyncJobPatch, SyncJobResourceDraft } from "../../../src/domain/definition-change.ts";
import { checkJob } from "../../../src/providers/truto/check-job.ts";
import { jobSnapshot, nodeJobSnapshot } from "./sync-job.ts";

const draft = (...resources: readonly SyncJobResourceDraft[]): SyncJobDraft => ({ name: "New", resources });
const placesOf = (problems: ReturnType<typeof checkJob>): readonly (string | undefined)[] =>
  problems.map(({ field }) => field?.join("."));

describe("checking a new job", () => {
  it.each<readonly [string, SyncJobDraft]>([
    ["no resources", draft()],
    ["entries", draft({ name: "users", method: "list", query: { a: 1 }, loopOn: "ids", persist: true, remoteId: "7" })],
    ["one resource by two methods", draft({ name: "users", method: "list" }, { name: "users", method: "get" })],
    ["entries that depend", draft({ name: "a", method: "list" }, { name: "b", method: "list", dependsOn: ["a"] })],
    ["nodes", draft({ name: "a", type: "request", query: "$x", config: { resource: "users" } })],
    [
      "a node before the one it depends on",
      draft({ name: "b", type: "event", dependsOn: ["a"] }, { name: "a", type: "request" }),
    ],
    ["nodes of a named runtime", { ...draft({ name: "a", type: "spool" }), runtimeVersion: 4 }],
    ["a schema of arguments", { ...draft(), argsSchema: { since: "string" }, mutexKey: null, integration: null }],
  ])("finds nothing wrong with %s", (_what, job) => {
    expect(checkJob(null, job)).toEqual([]);
  });

  it.each<readonly [string, SyncJobDraft, readonly string[]]>([
    ["an empty name", { name: " ", resources: [] }, ["name"]],
    ["a runtime that is none", { ...draft(), runtimeVersion: 5 }, ["runtimeVersion"]],
    ["half a runtime", { ...draft(), runtimeVersion: 3.5 }, ["runtimeVersion"]],
    ["a broken schema", { ...draft(), argsSchema: { a: 5 } }, ["argsSchema.a"]],
    ["an entry without a method", draft({ name: "a" }), ["resources.0.method"]],
    ["an entry with an empty method", draft({ name: "a", method: " " }), ["resources.0.method"]],
    ["a resource without a name", draft({ name: "", method: "list" }), ["resources.0.name"]],
    [
      "a node among entries",
      draft({ name: "a", type: "request" }, { name: "b", method: "list" }),
      ["resources.1.type"],
    ],
    [
      "a type before runtime 4",
      { ...draft({ name: "a", type: "request", method: "list" }), runtimeVersion: 3 },
      ["resources.0.type"],
    ],
    ["config before runtime 4", draft({ name: "a", method: "list", config: { run_if: "x" } }), ["resources.0.config"]],
    ["a node without a type", { ...draft({ name: "a", method: "list" }), runtimeVersion: 4 }, ["resources.0.type"]],
    ["a type nobody knows", draft({ name: "a", type: "teleport" }), ["resources.0.type"]],
    ["persist on a node", draft({ name: "a", type: "request", persist: true }), ["resources.0.persist"]],
    ["a field twice", draft({ name: "a", type: "request", config: { method: "list" } }), ["resources.0.config.method"]],
    [
      "a name twice in runtime 4",
      draft({ name: "a", type: "event" }, { name: "a", type: "event" }),
      ["resources.0.name", "resources.1.name"],
    ],
    ["an expression before runtime 4", draft({ name: "a", method: "list", query: "$" }), ["resources.0.query"]],
    ["a list for a query", draft({ name: "a", type: "request", query: [] }), ["resources.0.query"]],
    ["a stranger to depend on", draft({ name: "a", method: "list", dependsOn: ["x"] }), ["resources.0.dependsOn"]],
    ["itself to depend on", draft({ name: "a", type: "event", dependsOn: ["a"] }), ["resources.0.dependsOn"]],
    [
      "two to depend on",
      draft(
        { name: "a", type: "event", dependsOn: ["b", "c"] },
        { name: "b", type: "event" },
        { name: "c", type: "event" },
      ),
      ["resources.0.dependsOn"],
    ],
    [
      "several at once",
      { name: "", resources: [{ name: "a" }], runtimeVersion: 9 },
      ["name", "runtimeVersion", "resources.0.type"],
    ],
  ])("refuses %s", (_what, job, places) => {
    const problems = checkJob(null, job);
    expect(placesOf(problems)).toEqual(places);
    for (const { code, message } of problems)
      expect([code, message]).toEqual(["BAD_USER_INPUT", expect.stringMatching(/^.*expected .*, got /)]);
  });

  it("refuses settings that Truto's resources do not have, as what they are", () => {
    const problems = checkJob(
      null,
      draft({ name: "a", method: "list", enabled: false, syncFrom: null, customFields: [] }),
    );
    expect(problems.map(({ code, field }) => [code, field?.join(".")])).toEqual([
      ["CAPABILITY_NOT_SUPPORTED", "resources.0.enabled"],
      ["CAPABILITY_NOT_SUPPORTED", "resources.0.syncFrom"],
      ["CAPABILITY_NOT_SUPPORTED", "resources.0.customFields"],
    ]);
  });
});

describe("checking a change", () => {
  const entries = jobSnapshot();
  const twins = jobSnapshot({
    resources: [
      { resource: "users", method: "list" },
      { resource: "users", method: "get" },
      { resource: "teams", method: "list" },
      { resource: "teams", method: "list" },
    ],
  });

  it.each<readonly [string, SyncJobPatch]>([
    ["nothing", {}],
    ["a name", { name: "Other" }],
    ["a resource by its name alone", { resources: [{ name: "ticketing/users", persist: false }] }],
    [
      "a resource that comes with one it depends on",
      {
        resources: [
          { name: "a", method: "list", dependsOn: ["b"] },
          { name: "b", method: "list" },
        ],
      },
    ],
    ["a resource nobody needs, taken out", { removeResources: ["ticketing/comments"] }],
    ["a resource and all that needs it, taken out", { removeResources: ["ticketing/tickets", "ticketing/comments"] }],
    [
      "a resource taken out whose needy one changes its mind",
      { removeResources: ["ticketing/tickets"], resources: [{ name: "ticketing/comments", dependsOn: [] }] },
    ],
    ["another of the legacy runtimes", { runtimeVersion: 2 }],
  ])("finds nothing wrong with %s", (_what, patch) => {
    expect(checkJob(entries, patch)).toEqual([]);
  });

  it.each<readonly [string, SyncJobPatch, readonly string[]]>([
    ["a new resource without a method", { resources: [{ name: "new" }] }, ["resources.0.method"]],
    ["a type for an entry", { resources: [{ name: "ticketing/users", type: "request" }] }, ["resources.0.type"]],
    ["a resource to take out that it has not", { removeResources: ["ticketing/comments", "x"] }, ["removeResources.1"]],
    ["a resource to take out that another needs", { removeResources: ["ticketing/tickets"] }, ["removeResources.0"]],
    [
      "a resource changed and taken out",
      { removeResources: ["ticketing/users"], resources: [{ name: "ticketing/users" }] },
      ["resources.0.name"],
    ],
    [
      "a dependency on what is taken out",
      {
        removeResources: ["ticketing/users"],
        resources: [{ name: "ticketing/comments", dependsOn: ["ticketing/users"] }],
      },
      ["resources.0.dependsOn", "removeResources.0"],
    ],
    [
      "one resource changed twice",
      {
        resources: [
          { name: "ticketing/users", method: "list" },
          { name: "ticketing/users", method: "list" },
        ],
      },
      ["resources.1.name"],
    ],
    ["runtime 4 for entries", { runtimeVersion: 4 }, ["runtimeVersion"]],
  ])("refuses %s", (_what, patch, places) => {
    expect(placesOf(checkJob(entries, patch))).toEqual(places);
  });

  it("goes by the method where a name occurs several times", () => {
    expect(checkJob(twins, { resources: [{ name: "users", method: "get", persist: true }] })).toEqual([]);
    expect(checkJob(twins, { resources: [{ name: "users", persist: true }] })).toMatchObject([
      { message: expect.stringContaining("no way to tell which is meant") },
    ]);
    expect(placesOf(checkJob(twins, { resources: [{ name: "users", persist: true }] }))).toEqual([
      "resources.0.method",
    ]);
    expect(placesOf(checkJob(twins, { resources: [{ name: "teams", method: "list" }] }))).toEqual([
      "resources.0.method",
    ]);
    expect(checkJob(twins, { resources: [{ name: "teams", method: "get" }] })).toEqual([]);
    expect(checkJob(twins, { removeResources: ["users"] })).toEqual([]);
  });

  it("knows nodes by the job's runtime, and without one by their types", () => {
    const nameless = nodeJobSnapshot({ default_runtime_version: null });
    for (const job of [nodeJobSnapshot(), nameless]) {
      expect(checkJob(job, { resources: [{ name: "tickets", query: "$" }] })).toEqual([]);
      expect(placesOf(checkJob(job, { resources: [{ name: "new", method: "list" }] }))).toEqual(["resources.0.type"]);
    }
    expect(placesOf(checkJob(nodeJobSnapshot(), { runtimeVersion: 3 }))).toEqual(["runtimeVersion"]);
  });

  it("lets no node go whose records a destination delivers", () => {
    const change = { removeResources: ["tickets"], resources: [{ name: "shape", dependsOn: [] }] };
    expect(checkJob(nodeJobSnapshot(), change)).toMatchObject([
      {
        field: ["removeResources", "0"],
        message: 'expected a resource that no other needs, got "tickets", which "out" depends on',
      },
    ]);
    const redirected = [...change.resources, { name: "out", config: { resources_to_persist: ["shape"] } }];
    expect(checkJob(nodeJobSnapshot(), { ...change, resources: redirected })).toEqual([]);
  });
});
