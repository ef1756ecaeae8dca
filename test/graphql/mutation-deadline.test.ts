// A mutation's answer does not wait longer than its operation may take; what it asked for is not broken off.
import { execute, parse } from "graphql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { DeadlineError } from "../../src/graphql/end-reasons.ts";
import { formatError } from "../../src/graphql/errors.ts";
import { NodeKind, globalIdOf } from "../../src/graphql/global-id.ts";
import { createGate } from "../support/gate.ts";
import { newId, openGraphqlGateway, schema, type GraphqlGateway } from "../support/graphql.ts";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
});

afterEach(async () => {
  await gateway.close();
});

const syncId = globalIdOf(NodeKind.Sync, newId());
const CANCEL_TWICE = `mutation ($id: ID!) {
  first: cancelSync(input: { syncId: $id }) { userErrors { code } }
  second: cancelSync(input: { syncId: $id }) { userErrors { code } }
}`;

async function cancelTwice(signal: AbortSignal) {
  const contextValue = gateway.context({}, signal);
  const document = parse(CANCEL_TWICE);
  const { data, errors = [] } = await execute({ schema, document, contextValue, variableValues: { id: syncId } });
  return { data, errors: errors.map((error) => formatError(error.toJSON(), error, () => undefined)) };
}

/** A vendor that takes the first cancellation and says nothing; the next ones it answers. */
function hangingVendor() {
  const gate = createGate();
  const asked = createGate();
  let finished = 0;
  gateway.script.cancel = async () => {
    asked.open();
    await gate.opened;
    finished += 1;
    return { sync: null, problems: [] };
  };
  return { asked: asked.opened, open: gate.open, finished: () => finished };
}

test("at the deadline the mutation that hangs is told as going on, and those after it are not begun", async () => {
  const vendor = hangingVendor();
  const operation = new AbortController();
  const answer = cancelTwice(operation.signal);
  await vendor.asked;
  operation.abort(new DeadlineError(30_000));
  const { data, errors } = await answer;
  expect(data).toEqual({ first: null, second: null });
  expect(errors).toMatchObject([
    { path: ["first"], extensions: { code: ErrorCode.ProviderTimeout }, message: expect.stringContaining("goes on") },
    {
      path: ["second"],
      extensions: { code: ErrorCode.ProviderTimeout },
      message: expect.stringContaining("Not begun"),
    },
  ]);
  expect(gateway.vendorCalls).toEqual(["cancel"]);
  vendor.open();
  await expect.poll(vendor.finished).toBe(1);
});

test("a client that goes away ends none of its mutations, those that have not begun among them", async () => {
  const vendor = hangingVendor();
  const operation = new AbortController();
  const answer = cancelTwice(operation.signal);
  await vendor.asked;
  operation.abort(new Error("the client has gone"));
  vendor.open();
  expect(await answer).toEqual({ data: { first: { userErrors: [] }, second: { userErrors: [] } }, errors: [] });
  expect(vendor.finished()).toBe(2);
});
