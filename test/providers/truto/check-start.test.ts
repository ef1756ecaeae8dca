// What is refused before Truto is called: table of starts and the problems they have.
import { describe, expect, it } from "vitest";
import type { StartOptions } from "../../../src/domain/sync.ts";
import { checkStart } from "../../../src/providers/truto/check-start.ts";
import { accountSnapshot, jobSnapshot, startRequest } from "./sync-job.ts";

describe("checking a start", () => {
  it("finds nothing wrong with a good one", () => {
    const options: StartOptions = {
      models: ["ticketing/users"],
      onError: "BATCH",
      fullRefresh: true,
      args: { start_date: "2026-01-01" },
    };
    expect(checkStart(startRequest(options))).toEqual([]);
  });

  it("needs a linked account", () => {
    expect(checkStart({ ...startRequest(), linkedAccount: null })).toMatchObject([
      { code: "BAD_USER_INPUT", field: ["linkedAccountId"] },
    ]);
  });

  it.each(["needs_reauth", "connecting", "post_install_error", "validation_error", "hibernating"])(
    "refuses an account that is %s",
    (status) => {
      const problems = checkStart({ ...startRequest(), linkedAccount: accountSnapshot({ status }) });
      expect(problems).toMatchObject([{ code: "LINKED_ACCOUNT_UNAVAILABLE", field: ["linkedAccountId"] }]);
      expect(problems[0]?.message).toContain(status);
    },
  );

  it("refuses an account of another integration, unless the job serves any", () => {
    const linkedAccount = accountSnapshot({ integration: { name: "hubspot" } });
    expect(checkStart({ ...startRequest(), linkedAccount })).toMatchObject([
      { code: "BAD_USER_INPUT", message: "expected a linked account of zendesk, got one of hubspot" },
    ]);
    expect(checkStart({ ...startRequest({}, jobSnapshot({ integration_name: "" })), linkedAccount })).toEqual([]);
  });

  it.each([[["crm/contacts"]], [[]], [["ticketing/users", "Ticketing/Users"]]])(
    "refuses models that the job does not have: %j",
    (models) => {
      expect(checkStart(startRequest({ models }))).toMatchObject([{ code: "BAD_USER_INPUT", field: ["models"] }]);
    },
  );

  it("refuses a node that fetches nothing as a model", () => {
    const definition = jobSnapshot({
      resources: [
        { type: "request", name: "tickets" },
        { type: "destination", name: "out" },
      ],
    });
    expect(checkStart(startRequest({ models: ["tickets"] }, definition))).toEqual([]);
    expect(checkStart(startRequest({ models: ["out"] }, definition))).toMatchObject([{ field: ["models"] }]);
  });

  it.each([
    [1, 1],
    [2, 0],
    [null, 0],
  ])("knows whether runtime %j handles errors in batches", (default_runtime_version, problems) => {
    expect(checkStart(startRequest({ onError: "BATCH" }, jobSnapshot({ default_runtime_version })))).toHaveLength(
      problems,
    );
  });

  it("checks the arguments, also when none are given", () => {
    const definition = jobSnapshot({
      args_schema: { type: "object", properties: { start_date: { type: "string", required: true } } },
    });
    expect(checkStart(startRequest({}, definition))).toEqual([
      {
        code: "BAD_USER_INPUT",
        field: ["args", "start_date"],
        message: "args.start_date: expected a string, got nothing",
      },
    ]);
  });
});
