// Operations with large answers: few at once over both transports together, the others wait for their turn and end in time.
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLargeOperations } from "../../src/server/large-operations.ts";
import { createGate, type Gate } from "../support/gate.ts";
import { eventually } from "../support/eventually.ts";
import { openGraphqlGateway, valueAt, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql, type GraphqlServer } from "../support/graphql-server.ts";
import { openAcknowledged } from "../support/raw-socket.ts";

/** 36,000 fields. */
const LARGE = {
  query: "{ syncJobs(first: 90) { nodes { syncs(first: 100) { nodes { id status rawStatus createdAt } } } } }",
};
const SMALL = { query: "{ syncJobs(first: 90) { nodes { id } } }" };
const AT_ONCE = 2;
const DEADLINE_MS = 15_000;

let gateway: GraphqlGateway;
let server: GraphqlServer;
let gate: Gate;
/** Operations that are being executed and wait at the gate. */
let executing = 0;
let most = 0;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  server = await serveGraphql(gateway);
  gate = createGate();
  executing = 0;
  most = 0;
  gateway.script.ensureFresh = async () => {
    executing += 1;
    most = Math.max(most, executing);
    await gate.opened;
    executing -= 1;
    return [];
  };
});

afterEach(async () => {
  gate.open();
  await server.close();
  await gateway.close();
});

const begun = (count: number) =>
  eventually(`${count} operations are executed`, () => (executing === count ? true : null));

test("two are executed at once, whichever transport they came by, and the others after them", async () => {
  const socket = await openAcknowledged(server.url);
  const overHttp = [post(server.url, LARGE), post(server.url, LARGE)];
  await begun(AT_ONCE);
  socket.send({ id: "1", type: "subscribe", payload: LARGE });
  const later = post(server.url, LARGE);
  // A small one passes them, and tells that the large ones were judged before it.
  const small = post(server.url, SMALL);
  await begun(AT_ONCE + 1);
  gate.open();
  expect((await Promise.all([...overHttp, later, small])).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(valueAt(await socket.next(), "type")).toBe("next");
  expect(most).toBe(AT_ONCE + 1);
  await socket.close();
});

test("one that waits for as long as an operation may take is told so, and is not executed", async () => {
  const first = [post(server.url, LARGE), post(server.url, LARGE)];
  await begun(AT_ONCE);
  const late = post(server.url, LARGE);
  const deadlines = () => gateway.clock.pending().filter((remainingMs) => remainingMs === DEADLINE_MS).length;
  await eventually("all of them have their deadline", () => (deadlines() === AT_ONCE + 1 ? true : null));
  await gateway.clock.advance(DEADLINE_MS);
  const { body } = await late;
  expect(body).toMatchObject({ errors: [{ extensions: { code: "SERVICE_UNAVAILABLE" } }] });
  expect(most).toBe(AT_ONCE);
  gate.open();
  await Promise.all(first);
});

test.each([
  { heapMb: 64, values: 2_000, atOnce: 1 },
  { heapMb: 512, values: 15_000, atOnce: 2 },
  { heapMb: 4_096, values: 30_000, atOnce: 2 },
])(
  "with $heapMb MB of memory, $atOnce at once of those that have $values fields",
  async ({ heapMb, values, atOnce }) => {
    const large = createLargeOperations(heapMb * 1024 ** 2);
    const { signal } = new AbortController();
    const begun: (() => void)[] = [];
    const begin = (fields: number) => large.begin({ values: fields }, signal).then((end) => void begun.push(end));
    await Promise.all(Array.from({ length: 12 }, () => begin(Math.floor(values / 2))));
    expect(begun.splice(0)).toHaveLength(12);
    const all = Promise.all(Array.from({ length: 12 }, () => begin(values)));
    for (let done = 0; done < 12; done += atOnce) {
      await eventually("those are begun that may be", () => begun.length === atOnce || null);
      // The others have had their turn to be begun, were there any.
      await new Promise(setImmediate);
      expect(begun).toHaveLength(atOnce);
      for (const end of begun.splice(0)) end();
    }
    await all;
  },
);
