// What becomes of answers about sources and targets that are empty, broken, or never come.
import { describe, expect, it } from "vitest";
import type { SchemaDiscovery } from "../../../src/domain/schema-discovery.ts";
import { refusal } from "../../support/provider-values.ts";
import { CONNECTION_ID, discoveryOf, polytomicAt } from "./polytomic-at-fake-vendor.ts";

type Ask = (discovery: SchemaDiscovery, connection: string, signal?: AbortSignal) => Promise<unknown>;

const by = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

const QUESTIONS: readonly (readonly [string, Ask])[] = [
  ["source", (discovery, connection, signal) => discovery.source(connection, {}, by(signal))],
  ["sourceFields", (discovery, connection, signal) => discovery.sourceFields(connection, {}, by(signal))],
  ["models", (discovery, connection, signal) => discovery.models(connection, by(signal))],
  ["targetObjects", (discovery, connection, signal) => discovery.targetObjects(connection, by(signal))],
  ["targetObject", (discovery, connection, signal) => discovery.targetObject(connection, "Lead", false, by(signal))],
  ["creationValues", (discovery, connection, signal) => discovery.creationValues(connection, "folder", by(signal))],
  ["scheduleOptions", (discovery, _connection, signal) => discovery.scheduleOptions(by(signal))],
];

describe.each(QUESTIONS)("asking polytomic for %s", (name, ask) => {
  const lists = ["sourceFields", "models"];

  it.each([{ json: {} }, { json: 7 }, { json: { data: [{}] } }, { text: "<html></html>" }])(
    "does not understand %j",
    async (reply) => {
      await using at = await polytomicAt(() => reply);
      const failure = await refusal(ask(discoveryOf(at), CONNECTION_ID));
      expect(failure).toMatchObject({ code: "PROVIDER_BAD_RESPONSE", provider: "polytomic-eu" });
    },
  );

  it("takes null for an empty list, and for no answer where one thing was asked for", async () => {
    await using at = await polytomicAt(() => ({ json: { data: null } }));
    const asking = ask(discoveryOf(at), CONNECTION_ID).catch((error: unknown) => error);
    const expected = lists.includes(name)
      ? []
      : name === "targetObjects"
        ? { objects: [] }
        : { code: "PROVIDER_BAD_RESPONSE" };
    expect(await asking).toMatchObject(expected);
  });

  it("passes on that there is no such thing", async () => {
    await using at = await polytomicAt(() => ({ status: 404, json: { message: "connection not found" } }));
    expect(await refusal(ask(discoveryOf(at), CONNECTION_ID))).toMatchObject({ code: "PROVIDER_NOT_FOUND" });
  });

  it("ends when the caller goes away", async () => {
    const caller = new AbortController();
    await using at = await polytomicAt(() => () => caller.abort(new Error("gone")));
    const asking = ask(discoveryOf(at), CONNECTION_ID, caller.signal);
    expect(await refusal(asking)).toMatchObject({ code: "PROVIDER_TIMEOUT" });
  });
});

it("an id that fits into no path is not sent anywhere", async () => {
  await using at = await polytomicAt(() => undefined);
  for (const [name, ask] of QUESTIONS.filter(([each]) => each !== "models" && each !== "scheduleOptions")) {
    expect([name, (await refusal(ask(discoveryOf(at), ".."))).code]).toEqual([name, "PROVIDER_NOT_FOUND"]);
  }
  expect(at.vendor.requests).toEqual([]);
});
