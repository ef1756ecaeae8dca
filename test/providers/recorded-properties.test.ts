// Every vendor's recorded replies, damaged at random: whatever JSON comes, it becomes domain values or a ProviderError, and no word that is
// in no table is a success. And every recorded webhook, with any one bit of it changed: it is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WebhookRequest } from "../../src/domain/webhook-port.ts";
import { answerTo, fixturesOf, type Fixture } from "../support/provider-fixtures.ts";
import { loadVendorRows } from "../support/provider-modules.ts";
import { tried } from "../support/properties.ts";
import { recordedProvider } from "../support/recorded-provider.ts";
import { judgement, withBitFlipped } from "./webhook-delivery.ts";

const rows = await loadVendorRows();
const UNKNOWN_WORDS = ["transmogrified", "COMPLETE!", "succeeded", "done", "constructor", "__proto__", ""] as const;

type Path = readonly (string | number)[];

/** Every place of a JSON value, the whole first. */
function* placesOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) yield* placesOf(inner, [...path, name]);
}

/** The value with another one in that place; with none, the place is gone. */
function withPlace(value: unknown, [name, ...rest]: Path, instead: unknown): unknown {
  if (name === undefined) return instead;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): readonly (readonly [string, unknown])[] => {
    if (key !== String(name)) return [[key, inner]];
    const changed = withPlace(inner, rest, instead);
    return changed === undefined ? [] : [[key, changed]];
  });
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** The value with every text that tells of a good end replaced by a word that means nothing. */
function withoutGoodEnds(value: unknown, isGoodEnd: (text: string) => boolean, word: string): unknown {
  if (typeof value === "string") return isGoodEnd(value) ? word : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withoutGoodEnds(one, isGoodEnd, word));
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutGoodEnds(inner, isGoodEnd, word)]));
}

const scrap = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(undefined, null, "", 0, -1, 1e308, "9999-99-99T99:99:99Z", "constructor", [], {}, [[]]),
);
const damage = fc.record({ reply: fc.nat(), place: fc.nat(), instead: scrap });
const damages = fc.array(damage, { minLength: 1, maxLength: 3 });

function damaged({ replies }: Fixture, all: readonly { reply: number; place: number; instead: unknown }[]) {
  const bodies = replies.map(({ to, body }) => ({ to, body }));
  for (const { reply, place, instead } of all) {
    const index = reply % bodies.length;
    const hit = bodies[index];
    if (hit === undefined) continue;
    const places = [...placesOf(hit.body)];
    bodies[index] = { to: hit.to, body: withPlace(hit.body, places[place % places.length] ?? [], instead) };
  }
  return bodies;
}

const tellsSuccess = (answer: unknown): boolean => JSON.stringify(answer).includes('"status":"SUCCESS"');

describe.each(rows)("recorded replies of $name", ({ kind, vendor, owns }) => {
  const fixtures = fixturesOf(kind).filter(({ name, replies }) => owns(name) && replies.length > 0);
  const { goodEnds } = vendor.fixtures;
  const isGoodEnd = (text: string): boolean => goodEnds.includes(text.toLowerCase());
  const asks = fixtures.filter(({ request, replies }) => {
    const isAnswered = replies.every(({ status = 200, text }) => status < 300 && text === undefined);
    return isAnswered && request.call.method !== "receiveWebhook";
  });

  it("tell of good ends as they were recorded", async () => {
    const answers = asks.map(({ request, replies }) =>
      answerTo(recordedProvider(vendor, replies, request.settings), request.call),
    );
    expect((await Promise.all(answers)).filter(tellsSuccess).length).toBeGreaterThan(0);
  });

  it("become values or a ProviderError however they are damaged, and a word that means nothing is never a success", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...asks),
        damages,
        fc.constantFrom(...UNKNOWN_WORDS.filter((word) => !goodEnds.includes(word))),
        async (fixture, hits, word) => {
          const { call, settings } = fixture.request;
          const replies = damaged(fixture, hits).map(({ to, body }) => ({
            to,
            body: withoutGoodEnds(body, isGoodEnd, word),
          }));
          const provider = recordedProvider(vendor, replies, settings);
          expect(tellsSuccess(await answerTo(provider, call))).toBe(false);
        },
      ),
      tried(1_000),
    );
  });
});

const FORGED = "BAD_SIGNATURE";
const OTHER_BODY = Buffer.from("{}", "utf8");

const everyBit = (bytes: Uint8Array): readonly number[] => Array.from({ length: bytes.length * 8 }, (_, bit) => bit);

const without = (headers: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));

const deliveries = rows.flatMap(({ kind, name, vendor, owns }) =>
  fixturesOf(kind)
    .filter((fixture) => owns(fixture.name))
    .flatMap(({ name: fixture, request: { call, settings } }) => {
      if (call.method !== "receiveWebhook") return [];
      const verify = recordedProvider(vendor, [], settings).verifyWebhook;
      const request = {
        headers: call.headers,
        body: Buffer.from(JSON.stringify(call.body), "utf8"),
        receivedAt: new Date(call.receivedAt),
      };
      return verify?.(request).genuine === true ? [{ vendor: name, fixture, verify, request }] : [];
    }),
);

it("there are genuine webhooks of every vendor that sends them", () => {
  const sending = rows.filter(({ vendor }) => vendor.module.capabilities.webhooks).map(({ kind }) => kind);
  expect(new Set(deliveries.map(({ vendor }) => vendor.split(" ")[0]))).toEqual(new Set(sending));
});

describe.each(deliveries)("$vendor's webhook $fixture", ({ verify, request }) => {
  const judged = (changes: Partial<WebhookRequest>): string => judgement(verify({ ...request, ...changes }));
  const proofs = Object.keys(request.headers).filter(
    (name) => judged({ headers: without(request.headers, name) }) === FORGED,
  );
  const signsBody = judged({ body: OTHER_BODY }) === FORGED;

  it("is refused with any one bit of its proof changed", () => {
    expect(proofs.length).toBeGreaterThan(0);
    for (const name of proofs) {
      const value = Buffer.from(request.headers[name] ?? "", "latin1");
      const changed = everyBit(value).map((bit) => withBitFlipped(value, bit).toString("latin1"));
      const passed = changed.filter((one) => judged({ headers: { ...request.headers, [name]: one } }) !== FORGED);
      expect(passed).toEqual([]);
    }
  });

  // Whether there is something to change is the recording's; the last test says which recordings have it.
  if (signsBody) {
    it("is refused with any one bit of its body changed", () => {
      const passed = everyBit(request.body).filter(
        (bit) => judged({ body: withBitFlipped(request.body, bit) }) !== FORGED,
      );
      expect(passed).toEqual([]);
    });
  }
});

it("a body is proven by every vendor but RootFi in its third version, which signs nothing", () => {
  const unproven = deliveries.filter(
    ({ verify, request }) => judgement(verify({ ...request, body: OTHER_BODY })) !== FORGED,
  );
  expect(new Set(unproven.map(({ vendor }) => vendor))).toEqual(new Set(["rootfi"]));
});
