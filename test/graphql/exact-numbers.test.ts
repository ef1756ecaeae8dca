// Numbers in free JSON: one that JavaScript would change is refused, in an operation's text and in its variables, and nothing is started.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inexactNumber } from "../../src/domain/json.ts";
import { serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openGraphqlGateway, type GraphqlGateway } from "../support/graphql.ts";

let gateway: GraphqlGateway;
let server: GraphqlServer;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
});

afterAll(async () => {
  await server.close();
  await gateway.close();
});

const TRIGGER = "mutation ($input: TriggerSyncInput!) { triggerSync(input: $input) { attached } }";
const UPDATE = "mutation ($input: ModelSyncUpdateInput!) { modelSyncUpdate(input: $input) { modelSync { id } } }";

/** Sends a body as it is written: a client's own JSON may hold what ours cannot. */
async function send(query: string, input: string, name = "input"): Promise<unknown> {
  const body = `{"query": ${JSON.stringify(query)}, "variables": {"${name}": ${input}}}`;
  const answer = await fetch(server.url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return answer.json();
}

describe("a number in free JSON", () => {
  it.each([
    ["9007199254740993", "ids.1"],
    ["-9007199254740993", "ids.1"],
    ["123456789012345678901234567890", "ids.1"],
    ["1e400", "ids.1"],
    ["-1e400", "ids.1"],
  ])("%s is refused as a variable and as a literal, with its path and what to do", async (number, path) => {
    const refusal = `The number at ${path} is an integer beyond 2^53 or too large, and would reach the vendor as another one. Send it as text.`;
    const variable = await send(TRIGGER, `{"definitionId": "x", "args": {"ids": [1, ${number}]}}`);
    expect(variable).toMatchObject({
      errors: [
        {
          message: `Variable "$input" got invalid value at "input.args"; ${refusal}`,
          extensions: { code: "BAD_USER_INPUT" },
        },
      ],
    });
    const literal = `mutation { triggerSync(input: { definitionId: "x", args: { ids: [1, ${number}] } }) { attached } }`;
    expect(await send(literal, "null")).toMatchObject({ errors: [{ message: refusal }] });
    const within = `mutation ($n: JSON) { triggerSync(input: { definitionId: "x", args: { ids: [1, $n] } }) { attached } }`;
    expect(await send(within, number, "n")).toMatchObject({
      errors: [{ message: expect.stringContaining("Send it as text.") }],
    });
    expect(gateway.vendorCalls).toEqual([]);
  });

  it.each([
    ["filters", `[{"function": "Equality", "fieldId": "f", "value": 9007199254740993}]`, "input.filters[0].value"],
    [
      "overrides",
      `[{"function": "Equality", "fieldId": "f", "override": {"deep": [1e999]}}]`,
      "input.overrides[0].override",
    ],
    ["target", `{"linkedAccountId": "x", "configuration": {"n": 18014398509481984}}`, "input.target.configuration"],
  ])("is refused in %s too", async (name, value, place) => {
    const answer = await send(UPDATE, `{"id": "x", "${name}": ${value}}`);
    expect(JSON.stringify(answer)).toContain(place.replaceAll('"', '\\"'));
    expect(JSON.stringify(answer)).toContain("Send it as text.");
    expect(gateway.vendorCalls).toEqual([]);
  });

  it("is found wherever it is, however deep, and no other number is", () => {
    const fine = fc.oneof(
      fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e15, max: 1e15 }),
      fc.maxSafeInteger(),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fine,
        fc.string(),
        fc.array(tie("any")),
        fc.dictionary(fc.string(), tie("any")),
      ),
    })).any;
    const wrong = fc.constantFrom(2 ** 53, -(2 ** 60), Number.POSITIVE_INFINITY, 1e300);
    fc.assert(
      fc.property(value, wrong, (sound, number) => {
        expect(inexactNumber(sound)).toBeNull();
        expect(inexactNumber({ sound, list: [sound, { number }] })).toEqual(["list", 1, "number"]);
      }),
    );
    let deep: unknown = 2 ** 53;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(inexactNumber(deep)).toHaveLength(100_000);
  });
});
