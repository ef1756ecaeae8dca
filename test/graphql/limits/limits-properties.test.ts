// Operations that are generated around each limit: beyond one they are refused before any resolver runs, and below all of them they are
// taken and run. What each is expected to cost is counted here in another way than the guard counts.
import fc from "fast-check";
import { execute, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuard } from "../../../src/graphql/limits/guard.ts";
import { LIMITS, type LimitName } from "../../../src/graphql/limits/limits.ts";
import { openGraphqlGateway, schema, type GraphqlGateway } from "../../support/graphql.ts";
import { lasting, tried } from "../../support/properties.ts";
import { seedCatalog, seedRuns } from "../../support/seed-runs.ts";
import { many } from "./limit-cases.ts";

const guard = createGuard(schema);
let gateway: GraphqlGateway;

beforeAll(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
  await seedRuns(gateway.store, 4);
});

afterAll(() => gateway.close());

interface Made {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** As a transport does it: judged, and executed only when it is taken. Gives the limits it is beyond; none when it ran. */
async function send({ query, variables }: Made): Promise<readonly unknown[]> {
  gateway.counting.reset();
  const document = parse(query);
  const judgement = guard.judge({ document, operationName: null, variables });
  if (judgement.isRefused) {
    expect(gateway.counting.calls()).toEqual({});
    return judgement.errors.map(({ extensions }) => extensions["limit"]);
  }
  const contextValue = gateway.context();
  const { data } = await execute({ schema, document, contextValue, variableValues: variables });
  expect(data).not.toBeNull();
  return [];
}

/** Numbers on both sides of a limit, more of them near it. */
function around(limit: LimitName): fc.Arbitrary<number> {
  const most = LIMITS[limit];
  return fc.oneof(fc.integer({ min: most - 2, max: most + 2 }), fc.integer({ min: 1, max: 2 * most }));
}

/** Where a piece of a selection may hide. */
const hidings = fc.constantFrom<(on: string, selection: string, index: number) => { inline: string; fragment: string }>(
  (_on, selection) => ({ inline: selection, fragment: "" }),
  (on, selection) => ({ inline: `... on ${on} { ${selection} }`, fragment: "" }),
  (_on, selection) => ({ inline: `... @include(if: true) { ${selection} }`, fragment: "" }),
  (on, selection, index) => ({ inline: `...H${index}`, fragment: `fragment H${index} on ${on} { ${selection} }` }),
);

/** How a number reaches an argument. */
const waysOfNumber = fc.constantFrom<
  (value: number, name: string) => { literal: string; definition: string; given: object }
>(
  (value) => ({ literal: String(value), definition: "", given: {} }),
  (value, name) => ({ literal: `$${name}`, definition: `$${name}: Int`, given: { [name]: value } }),
  (value, name) => ({ literal: `$${name}`, definition: `$${name}: Int = ${value}`, given: {} }),
  (value, name) => ({ literal: `$${name}`, definition: `$${name}: Int = 1`, given: { [name]: value } }),
);

async function judgesExactly(limit: LimitName, actual: number, made: Made): Promise<void> {
  expect([limit, actual, await send(made)]).toEqual([limit, actual, actual > LIMITS[limit] ? [limit] : []]);
}

describe("a generated operation", () => {
  it("is judged by its depth, wherever it goes down", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(around("depth"), fc.array(hidings, { minLength: 24, maxLength: 24 }), async (depth, hide) => {
        const levels = Math.max(2, depth);
        let fragments = "";
        let selection = "id";
        // At most so many: each may be a directive.
        for (let level = 0; level < levels - 2; level += 1) {
          const hidden = (level < 18 ? hide[level] : undefined)?.("Sync", `retryOf { ${selection} }`, level);
          selection = hidden?.inline ?? `retryOf { ${selection} }`;
          fragments += hidden?.fragment ?? "";
        }
        const query = `{ syncs(first: 1) { nodes { ${selection} } } } ${fragments}`;
        await judgesExactly("depth", levels + 1, { query, variables: {} });
      }),
      tried(40),
    ),
  );

  it("is judged by its aliases, in whichever part they are", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(around("aliases"), fc.nat({ max: 200 }), hidings, async (aliases, split, hide) => {
        const first = Math.min(split, aliases);
        const one = hide("Viewer", `name ${many(first, (index) => `a${index}: name`)}`, 0);
        const rest = many(aliases - first, (index) => `b${index}: __typename`);
        const query = `{ viewer { ${one.inline} ${rest} } } ${one.fragment}`;
        await judgesExactly("aliases", aliases, { query, variables: {} });
      }),
      tried(40),
    ),
  );

  it("is judged by the fields at its root", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(around("rootFields"), hidings, fc.boolean(), async (fields, hide, aliased) => {
        const hidden = hide(
          "Query",
          many(fields, (index) => (aliased ? `a${index}: __typename` : "__typename")),
          0,
        );
        await judgesExactly("rootFields", fields, { query: `{ ${hidden.inline} } ${hidden.fragment}`, variables: {} });
      }),
      tried(40),
    ),
  );

  it("is judged by its directives", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(around("directives"), fc.boolean(), async (directives, skip) => {
        const one = skip ? "@skip(if: false)" : "@include(if: true)";
        const query = `{ viewer { ${many(directives, () => `... ${one} { name }`)} } }`;
        await judgesExactly("directives", directives, { query, variables: {} });
      }),
      tried(30),
    ),
  );

  it("is judged by how often it repeats a field", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(around("repeats"), hidings, async (repeats, hide) => {
        const hidden = hide(
          "Viewer",
          many(repeats, () => "name"),
          0,
        );
        await judgesExactly("repeats", repeats, {
          query: `{ viewer { ${hidden.inline} } } ${hidden.fragment}`,
          variables: {},
        });
      }),
      tried(30),
    ),
  );

  it("is judged by its objects, however the pages get their size", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(
        ...([
          fc.integer({ min: 1, max: 100 }),
          fc.integer({ min: 1, max: 100 }),
          fc.integer({ min: -3, max: 3 }),
        ] as const),
        ...([waysOfNumber, waysOfNumber, fc.boolean(), hidings] as const),
        async (outer, free, near, wayOut, wayIn, isNear, hide) => {
          // Every run, its definition, and the runs of that: near the limit when it can be.
          const inner = isNear ? Math.min(100, Math.max(1, Math.floor(LIMITS.objects / outer) - 2 + near)) : free;
          const [one, other] = [wayOut(outer, "outer"), wayIn(inner, "inner")];
          const hidden = hide("Sync", `definition { syncs(first: ${other.literal}) { nodes { id } } }`, 0);
          const definitions = [one.definition, other.definition].filter((text) => text !== "").join(", ");
          const query = `query ${definitions === "" ? "" : `(${definitions})`} {
            syncs(first: ${one.literal}) { nodes { ${hidden.inline} } }
          } ${hidden.fragment}`;
          await judgesExactly("objects", outer * (2 + inner), { query, variables: { ...one.given, ...other.given } });
        },
      ),
      tried(60),
    ),
  );

  it("is judged by the values of its lists, in arguments and variables", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(
        around("listValues"),
        fc.constantFrom("literal", "whole", "part", "default"),
        async (values, way) => {
          const statuses = Array.from({ length: values }, (_, index) => (index % 2 === 0 ? "RUNNING" : "FAILED"));
          const literal = `{ statuses: [${statuses.join(" ")}] }`;
          const made: Readonly<Record<typeof way, Made>> = {
            literal: { query: `{ syncs(filter: ${literal}) { nodes { id } } }`, variables: {} },
            default: {
              query: `query ($f: SyncFilter = ${literal}) { syncs(filter: $f) { nodes { id } } }`,
              variables: {},
            },
            whole: {
              query: "query ($f: SyncFilter) { syncs(filter: $f) { nodes { id } } }",
              variables: { f: { statuses } },
            },
            part: {
              query: "query ($s: [SyncStatus!]) { syncs(filter: { statuses: $s }) { nodes { id } } }",
              variables: { s: statuses },
            },
          };
          await judgesExactly("listValues", values, made[way]);
        },
      ),
      tried(40),
    ),
  );

  it("of fragments that spread each other is judged without unfolding it", { timeout: lasting(60_000) }, () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 3 }), async (levels, spreads) => {
        const query = `{ viewer { ...F0 } }
          ${many(levels, (level) => `fragment F${level} on Viewer { ${many(spreads, () => `...F${level + 1}`)} }`)}
          fragment F${levels} on Viewer { name }`;
        let selections = 1;
        for (let level = 0; level <= levels; level += 1) selections = (level === 0 ? 1 : spreads) * (1 + selections);
        await judgesExactly("selections", 1 + selections, { query, variables: {} });
      }),
      tried(60),
    ),
  );
});
