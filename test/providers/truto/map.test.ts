// Which models a run of Truto's covers, by its nodes and by its counters.
import { describe, expect, test } from "vitest";
import { ObservationSource } from "../../../src/domain/status.ts";
import { observationOf } from "../../../src/providers/truto/map.ts";
import { parseRun } from "../../../src/providers/truto/wire-types.ts";

const SOURCE = { provider: "p", request: "r", httpStatus: 200 };
const AS = {
  source: ObservationSource.Poll,
  observedAt: new Date("2026-04-02T06:00:15Z"),
  definitionRemoteId: null,
  linkedAccountRemoteId: null,
};
const NODES = [{ type: "request", name: "tickets", resource: "ticketing/tickets", method: "list" }];
const modelsOf = (resources: unknown, stats: unknown) =>
  observationOf(
    parseRun({ id: "run", sync_job_id: "job", status: "running", resources, resource_stats: stats }, SOURCE),
    AS,
  ).facts.models;

describe("the models of a run", () => {
  test("stay the same when counters come under a node's resource instead of its name", () => {
    const counters = { list: { fetched: 3 } };
    expect(modelsOf(NODES, {})).toEqual(["tickets"]);
    expect(modelsOf(NODES, { tickets: counters })).toEqual(["tickets"]);
    expect(modelsOf(NODES, { "ticketing/tickets": counters })).toEqual(["tickets"]);
  });

  test("hold what is counted and listed nowhere", () => {
    expect(modelsOf(NODES, { users: { list: { fetched: 1 } } })).toEqual(["tickets", "users"]);
  });
});
