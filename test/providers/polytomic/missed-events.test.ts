// Events that were missed: the whole log since a moment, oldest first, whichever way round the vendor lists it.
import { describe, expect, it } from "vitest";
import type { CallOptions } from "../../../src/domain/provider-port.ts";
import type { WebhookEvent } from "../../../src/domain/webhook-port.ts";
import type { AdapterAtFakeVendor } from "../../support/adapter-at-fake-vendor.ts";
import type { FakeHandler, FakeRequest } from "../../support/fake-vendor.ts";
import { allOf, pagesOf, refusal } from "../../support/provider-values.ts";
import { polytomicAt } from "./polytomic-at-fake-vendor.ts";

const SINCE = new Date("2026-03-02T12:00:00.000Z");
const MOST = 100;

interface Logged {
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly event: object;
}

const logged = (number: number, atMs = number * 1_000): Logged => ({
  id: `event-${number}`,
  type: "sync.running",
  created_at: new Date(SINCE.getTime() + atMs).toISOString(),
  event: { execution_id: `execution-${number}` },
});
const events = (count: number): readonly Logged[] => Array.from({ length: count }, (_, index) => logged(index + 1));
const ids = (found: readonly WebhookEvent[]): readonly string[] => found.map(({ deliveryId }) => deliveryId);

/** The vendor's log: both bounds exclusive, at most a hundred entries. */
function log(all: readonly Logged[], order: "oldest first" | "newest first"): FakeHandler {
  return (request: FakeRequest) => {
    expect([request.method, request.path, request.query.get("limit")]).toEqual(["GET", "/api/events", String(MOST)]);
    const after = request.query.get("starting_after") ?? "";
    const before = request.query.get("ending_before") ?? "9999";
    const wanted = all.filter((event) => event.created_at > after && event.created_at < before);
    const ordered = order === "oldest first" ? wanted : wanted.toReversed();
    return { json: { data: ordered.length === 0 ? null : ordered.slice(0, MOST) } };
  };
}

describe("missed events", () => {
  it.each(["oldest first", "newest first"] as const)(
    "of several pages come once each and oldest first when listed %s",
    async (order) => {
      await using at = await polytomicAt(log(events(250), order));
      const pages = await pagesOf(missed(at));
      expect(ids(pages.flat())).toEqual(events(250).map(({ id }) => id));
      expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(MOST);
      expect(at.vendor.requests).toHaveLength(3);
    },
  );

  it.each(["oldest first", "newest first"] as const)(
    "that share a moment at the edge of a page are not lost when listed %s",
    async (order) => {
      const crowd = Array.from({ length: 210 }, (_, index) => logged(index + 1, 1_000 + Math.floor(index / 7)));
      await using at = await polytomicAt(log(crowd, order));
      const found = ids(await allOf(missed(at)));
      expect(new Set(found)).toEqual(new Set(crowd.map(({ id }) => id)));
      expect(found).toHaveLength(210);
    },
  );

  it("are none when the log has none", async () => {
    await using at = await polytomicAt(log([], "newest first"));
    expect(await allOf(missed(at))).toEqual([]);
  });

  it("are what a delivery of the same event would have been", async () => {
    await using at = await polytomicAt(log([logged(1)], "newest first"));
    const [event] = await allOf(missed(at));
    const hints = at.provider.interpretWebhook?.(event?.payload ?? {}, SINCE);
    expect(hints).toMatchObject([
      { kind: "OBSERVATION", observation: { remoteId: "execution-1", status: "RUNNING", source: "WEBHOOK" } },
    ]);
  });

  it("leave out entries that cannot be read", async () => {
    await using at = await polytomicAt(() => ({ json: { data: [null, { id: "x" }, logged(1), 7] } }));
    expect(ids(await allOf(missed(at)))).toEqual(["event-1"]);
  });

  it("that were read before a failure are told before it is", async () => {
    const answer = log(events(250), "newest first");
    await using at = await polytomicAt((request, index) =>
      index > 0 ? { status: 500, json: { message: "no" } } : answer(request, index),
    );
    const found: WebhookEvent[] = [];
    const reading = (async () => {
      for await (const page of missed(at)) found.push(...page);
    })();
    expect(await refusal(reading)).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    expect(ids(found)).toEqual(
      events(250)
        .slice(150)
        .map(({ id }) => id),
    );
  });

  it.each([
    ["more of one moment than a page holds", () => Array.from({ length: MOST }, (_, index) => logged(index, 1_000))],
    [
      "a full page without times",
      () => Array.from({ length: MOST }, (_, index) => ({ ...logged(index), created_at: null })),
    ],
  ])("are not taken for all of them when there is %s", async (_case, page) => {
    await using at = await polytomicAt(() => ({ json: { data: page() } }));
    const reading = allOf(missed(at));
    expect(await refusal(reading)).toMatchObject({ code: "PROVIDER_BAD_RESPONSE" });
  });

  it("end after fifty pages of a log without end", async () => {
    const page = (number: number) => Array.from({ length: MOST }, (_, index) => logged(number * MOST + index));
    await using at = await polytomicAt((_request, index) => ({ json: { data: page(index) } }));
    expect(await refusal(allOf(missed(at)))).toMatchObject({ code: "PROVIDER_BAD_RESPONSE" });
    expect(at.vendor.requests).toHaveLength(50);
  });

  it("are not asked for when the caller went away", async () => {
    await using at = await polytomicAt(() => undefined);
    const signal = AbortSignal.abort(new Error("gone"));
    expect(await refusal(allOf(missed(at, { signal })))).toMatchObject({ code: "PROVIDER_TIMEOUT" });
    expect(at.vendor.requests).toEqual([]);
  });
});

function missed({ provider }: AdapterAtFakeVendor, options?: CallOptions): AsyncIterable<readonly WebhookEvent[]> {
  if (provider.missedEvents === undefined) throw new Error("expected a provider that reads missed events");
  return provider.missedEvents(SINCE, options);
}
