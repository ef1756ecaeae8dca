// Two gateways' pollers, webhooks, starts and a subscriber on one store, in any interleaving of their calls to it: what is promised of the
// ledger, of starts and of streams holds in each.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FeedEntry } from "../../src/domain/gateway-port.ts";
import { SyncStatus, isTerminal } from "../../src/domain/status.ts";
import { IfRunning } from "../../src/domain/sync.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { interleaved } from "../support/interleaved-store.ts";
import { createLivingVendor } from "../support/living-vendor.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { lasting, tried } from "../support/properties.ts";
import { TENANT, command, idOf } from "../support/tracking.ts";
import { beginLife, endLife } from "../support/tracking-lives.ts";
import { expectVerified } from "../support/verified.ts";

const LEGAL: ReadonlySet<string> = new Set([
  "CREATED",
  "CREATED RUNNING",
  "CREATED RUNNING SUCCESS",
  "CREATED RUNNING FAILED",
  "CREATED FAILED",
]);
const DUE_MS = 60_000;

/** A webhook says what the run was or is, or, where it contradicts, how it did not end. */
const delivery = fc.record({
  gateway: fc.nat({ max: 1 }),
  status: fc.constantFrom(...Object.values(SyncStatus)),
  copies: fc.integer({ min: 1, max: 2 }),
});
const story = fc.record({
  deliveries: fc.array(delivery, { maxLength: 4 }),
  end: fc.constantFrom(SyncStatus.Success, SyncStatus.Failed),
  starts: fc.integer({ min: 0, max: 2 }),
});

/** Time goes on by itself, so that whoever sleeps wakes up. */
async function keepTicking(clock: ManualClock, scheduler: fc.Scheduler, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await scheduler.schedule(Promise.resolve());
    await clock.advance(clock.pending().length === 0 ? 0 : 500);
  }
}

describeOnEachDatabase("two gateways and a subscriber", (open) => {
  test(
    "keep every promise of the ledger in any interleaving of their calls",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), story, async (scheduler, { deliveries, end, starts }) => {
          const { store, url, close } = await open();
          const clock = createManualClock();
          const vendor = createLivingVendor(() => clock.now());
          // One file belongs to one gateway; there both share a store.
          const beside = open.database === "postgres" ? await open(url) : null;
          const plain = beginLife(store, vendor, clock, "node-0");
          const [one, other] = [
            beginLife(interleaved(store, scheduler), vendor, clock, "node-1"),
            beginLife(interleaved(beside?.store ?? store, scheduler), vendor, clock, "node-2"),
          ] as const;
          await plain.stock();
          const run = vendor.beginElsewhere();
          await plain.discover();
          await clock.advance(DUE_MS);
          vendor.progress(run, SyncStatus.Running);

          const following = one.feed.follow(TENANT, {}, 0);
          const heard: FeedEntry[] = [];
          const gateways = [one, other] as const;
          let over = false;
          const take = async (until: () => boolean): Promise<void> => {
            while (!until()) {
              const { done, value } = await following.next();
              if (done === true) return;
              heard.push(value);
            }
          };
          const work = Promise.all([
            ...gateways.map(async (gateway) => {
              await gateway.poll();
              vendor.progress(run, end);
              await clock.advance(DUE_MS);
              await gateway.poll();
            }),
            ...deliveries.map(async ({ gateway, status, copies }, index) => {
              for (let copy = 0; copy < copies; copy += 1) {
                await gateways[gateway === 0 ? 0 : 1].receive(vendor.delivery(run, status), `delivery ${index}`);
                await gateways[copy % 2 === 0 ? 0 : 1].processInbox();
              }
            }),
            // The same start comes to both gateways.
            ...Array.from({ length: starts }, (_, index) =>
              gateways[index % 2 === 0 ? 0 : 1].triggers.trigger(
                TENANT,
                command({ idempotencyKey: "k", ifRunning: IfRunning.StartAnother }),
              ),
            ),
            take(() => heard.length >= 2),
          ]).finally(() => {
            over = true;
          });
          const ticking = keepTicking(clock, scheduler, () => over);
          await scheduler.waitFor(work);
          over = true;
          await scheduler.waitFor(ticking);
          await scheduler.waitIdle();

          for (const gateway of gateways) {
            const last = gateway.processInbox();
            await scheduler.waitFor(last);
          }
          await clock.advance(DUE_MS * 10);
          await plain.poll();
          // Where a webhook ended the run, only a list still says how the vendor sees it.
          await plain.discover();
          const ledger = await plain.ledger();
          const rest = take(() => heard.length >= ledger.length);
          const sweeping = keepTicking(clock, scheduler, () => heard.length >= ledger.length);
          await scheduler.waitFor(Promise.all([rest, sweeping]));
          await following.return?.();

          expect(heard.map(({ transition }) => transition)).toEqual(ledger);
          const paths = new Map<string, string[]>();
          for (const { syncId, to } of ledger) paths.set(syncId, [...(paths.get(syncId) ?? []), to]);
          for (const path of paths.values()) expect(LEGAL).toContain(path.join(" "));
          const sync = await plain.syncOf(run.remoteId);
          expect(isTerminal(sync.status)).toBe(true);
          const told = new Set([end, ...deliveries.map(({ status }) => status)].filter(isTerminal));
          // One end told is the end; of two the first stays, whichever it was.
          expect(told).toContain(sync.status);
          const [conflicts] = await store.ledger.conflictsBySync(TENANT, [idOf("sync", run.remoteId)]);
          // Whichever end came first stays; that the other one was told is never lost.
          expect((conflicts?.length ?? 0) > 0).toBe(told.size > 1);
          expect(vendor.runs.filter(({ key }) => key !== null)).toHaveLength(Math.min(starts, 1));
          for (const life of [one, other, plain]) {
            endLife(life);
            await life.inbox.close();
          }
          await beside?.close();
          await close();
          await expectVerified(url);
        }),
        tried(open.database === "sqlite" ? 25 : 6),
      );
    },
    lasting(120_000),
  );
});
