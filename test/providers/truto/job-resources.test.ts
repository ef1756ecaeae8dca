// What a change makes of a job's list of resources: nothing that it does not name is lost, whatever the vendor has put there.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SyncJobPatch, SyncJobResourceDraft } from "../../../src/domain/definition-change.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { mergedResources } from "../../../src/providers/truto/job-resources.ts";
import { isJsonObject, jsonOf } from "../../../src/providers/truto/wire-types.ts";
import { wireJob, wireNodeJob } from "./sync-job.ts";

const asJson = (entries: readonly object[]): readonly JsonObject[] => entries.map(jsonOf).filter(isJsonObject);
const ENTRIES = asJson(wireJob.resources);
const NODES = asJson(wireNodeJob.resources);
const changed = (entries: readonly JsonObject[], patch: SyncJobPatch, nodes: boolean): readonly JsonObject[] =>
  mergedResources(entries, patch, nodes);

describe("the list that a change makes", () => {
  it("is the list there was, when the change names nothing of it", () => {
    const word = fc.constantFrom(
      "name",
      "resource",
      "type",
      "method",
      "depends_on",
      "config",
      "__proto__",
      "constructor",
    );
    const entry = fc.dictionary(fc.oneof(word, fc.string()), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(entry), fc.boolean(), (written, nodes) => {
        const entries = asJson(written);
        expect(changed(entries, { resources: [], removeResources: [] }, nodes)).toEqual(entries);
        // A stranger is added behind them, and they stay.
        const added = changed(entries, { resources: [{ name: "a new one", method: "list" }] }, nodes);
        expect(added.slice(0, -1)).toEqual(entries.slice(0, added.length - 1));
      }),
      { seed: 20261122, numRuns: 300 },
    );
  });

  it("has a changed entry in its old place, with every field that was not named", () => {
    const resources: readonly SyncJobResourceDraft[] = [
      { name: "ticketing/tickets", method: "get", remoteId: "7", query: null, loopOn: "args.ids", persist: true },
    ];
    expect(changed(ENTRIES, { resources }, false)).toEqual([
      { resource: "ticketing/tickets", method: "get", id: "7", loop_on: "args.ids", persist: true },
      ...ENTRIES.slice(1),
    ]);
    const [first, ...others] = changed(NODES, { resources: [{ name: "tickets", query: { page: 1 } }] }, true);
    expect(first).toEqual({ ...NODES[0], query: { page: 1 } });
    expect(others).toEqual(NODES.slice(1));
  });

  it("takes a dependency away, and puts another in its place", () => {
    const free = changed(ENTRIES, { resources: [{ name: "ticketing/comments", dependsOn: [] }] }, false);
    expect(free[1]).toEqual({ resource: "ticketing/comments", method: "list" });
    const moved = changed(
      ENTRIES,
      { resources: [{ name: "ticketing/comments", dependsOn: ["ticketing/users"] }] },
      false,
    );
    expect(moved[1]).toEqual({ resource: "ticketing/comments", method: "list", depends_on: "ticketing/users" });
  });

  it("has new ones at its end, in the shape of the runtime", () => {
    const entry = { name: "users", method: "list", dependsOn: ["ticketing/users"] };
    expect(changed(ENTRIES, { resources: [entry] }, false).slice(3)).toEqual([
      { resource: "users", method: "list", depends_on: "ticketing/users" },
    ]);
    const config = {
      resource: "crm/contacts",
      run_if: null,
      recurse: { if: "$" },
      config: { id: "hook", headers: null },
    };
    const node = { name: "contacts", type: "request", method: "list", config };
    expect(changed(NODES, { resources: [node] }, true).slice(3)).toEqual([
      {
        name: "contacts",
        type: "request",
        method: "list",
        resource: "crm/contacts",
        recurse: { if: "$" },
        config: { id: "hook" },
      },
    ]);
  });

  it("keeps the settings of a node that nobody sees, also when those beside them change", () => {
    const config = { config: { id: "another-hook" }, resources_to_persist: ["shape"], destination_type: null };
    const [, , out] = changed(NODES, { resources: [{ name: "out", config }] }, true);
    expect(out).toEqual({
      name: "out",
      type: "destination",
      depends_on: "shape",
      config: { id: "another-hook", headers: { authorization: "planted-header" } },
      resources_to_persist: ["shape"],
    });
  });

  it("lacks what is taken out, every entry of that name", () => {
    const twins = asJson([{ resource: "a", method: "list" }, { resource: "b" }, { resource: "a", method: "get" }]);
    expect(changed(twins, { removeResources: ["a"] }, false)).toEqual([{ resource: "b" }]);
  });

  it("has the one of several of a name changed that the method tells", () => {
    const twins = asJson([
      { resource: "a", method: "list" },
      { resource: "a", method: "get", id: "1" },
    ]);
    expect(changed(twins, { resources: [{ name: "a", method: "get", remoteId: "2" }] }, false)).toEqual([
      { resource: "a", method: "list" },
      { resource: "a", method: "get", id: "2" },
    ]);
    const both = changed(
      asJson([{ resource: "a", method: "list" }]),
      {
        resources: [
          { name: "a", method: "get" },
          { name: "a", method: "list", persist: true },
        ],
      },
      false,
    );
    expect(both).toEqual([
      { resource: "a", method: "list", persist: true },
      { resource: "a", method: "get" },
    ]);
  });
});
