// The arguments of a run, read back from the vendor: whole and as they were sent, or not at all.
import { expect, test } from "vitest";
import { ErrorCode } from "../../../src/domain/errors.ts";
import type { FakeReply } from "../../support/fake-vendor.ts";
import { conformance } from "./conformance.ts";
import { runRef, wireRun } from "./sync-job.ts";
import { connectTruto, refusal } from "./truto-at-fake-vendor.ts";

const secret = Object.values(conformance.credentials)[0] ?? "";

async function readBack(reply: FakeReply): Promise<unknown> {
  await using connected = await connectTruto(() => reply);
  return await connected.provider.startedWith?.(runRef("run-1")).catch((error: unknown) => error);
}

test.each([
  [
    "an object",
    { since: "2026-01-01", deep: [{ ids: ["a", 1] }] },
    { args: { since: "2026-01-01", deep: [{ ids: ["a", 1] }] } },
  ],
  ["an empty object", {}, { args: {} }],
  ["none", null, {}],
])("%s is told as it is", async (_what, args, told) => {
  expect(await readBack({ json: wireRun({ args }) })).toEqual(told);
});

test.each([
  ["another kind of value", "since=2026"],
  ["a text that holds a secret of ours", { nested: [{ token: `x ${secret}` }] }],
  ["a text with a character that acts", { note: "a\u202Eb" }],
])("%s is an error that names args", async (_what, args) => {
  const error = await readBack({ json: wireRun({ args }) });
  expect(error).toMatchObject({ code: ErrorCode.ProviderBadResponse, message: expect.stringContaining("args") });
});

test("a run that the vendor does not know is not found", async () => {
  expect(await readBack(refusal(404, "no such run"))).toMatchObject({ code: ErrorCode.ProviderNotFound });
});
