// What PostgreSQL itself refuses in the middle of a transaction or at its commit, and a PostgreSQL that is far away: nothing is half done,
// who may try again is told so, and what was acknowledged is there.
import { expect, onTestFinished, test } from "vitest";
import { ErrorCode } from "../../src/domain/errors.ts";
import { openMigratedDatabase, openStore } from "../../src/store/open-store.ts";
import { sql, verbatim } from "../../src/store/sql.ts";
import { databaseMaker, describeOnPostgres } from "../support/databases.ts";
import { linkTo } from "../support/link.ts";
import { entry, rules } from "../support/store-values.ts";
import { expectVerified } from "../support/verified.ts";

const TENANT = "t1";
const UNAVAILABLE = { code: ErrorCode.ServiceUnavailable };
/** Two transactions are in each other's way: the same one again can succeed. */
const CONFLICTS = { "a deadlock": "40P01", "a serialization failure": "40001" };
/** In the words of the server's own list, PostgreSQL's appendix A. */
const REFUSALS = {
  ...CONFLICTS,
  "a full disk": "53100",
  "memory that is used up": "53200",
  "too many connections": "53300",
  "a limit of its settings": "53400",
  "a disk that fails": "58030",
  "a file that is not there": "58P01",
  "a lock that cannot be had": "55P03",
  "a statement that took too long": "57014",
  "an administrator": "57P01",
};
const MOMENTS = {
  "in the middle": "create trigger refusal after insert on transition",
  "at the commit": "create constraint trigger refusal after insert on transition deferrable initially deferred",
};
const cases = (refusals: Readonly<Record<string, string>>) =>
  Object.entries(refusals).flatMap(([what, code]) =>
    Object.entries(MOMENTS).map(([when, trigger]) => ({ what, code, when, trigger })),
  );
/** Fewer than a transaction is begun again. */
const CONFLICTS_IN_A_ROW = 5;
/** What each message to the server takes longer: a tenth of what a write may take, as two seconds are of twenty. */
const FAR_MS = 150;
const ANSWER_TIMES = { readMs: 6 * FAR_MS, writeMs: 10 * FAR_MS, longMs: 6 * FAR_MS };
const AT_ONCE = 24;

describeOnPostgres("what PostgreSQL refuses", () => {
  const make = databaseMaker("postgres");

  async function open() {
    const url = await make();
    const store = await openStore(url);
    onTestFinished(() => store.close());
    return { store, url };
  }

  /** Lets the server refuse new transitions. @param times how often; it counts the transactions that it refuses too */
  async function refuse(url: string, { code, trigger }: { code: string; trigger: string }, times: number) {
    const database = await openMigratedDatabase(url);
    const run = (text: string) => database.write(sql`${verbatim(text)}`);
    await run("create sequence refused");
    await run(
      `create function refuse() returns trigger language plpgsql as $$ begin if nextval('refused') <= ${times} then raise exception 'refused' using errcode = '${code}'; end if; return null; end $$`,
    );
    await run(`${trigger} for each row execute function refuse()`);
    return async () => {
      await run("drop trigger refusal on transition");
      await database.close();
    };
  }

  test.each(cases(REFUSALS))("because of $what, $when, is told as such and leaves nothing behind", async (refusal) => {
    const { store, url } = await open();
    await store.ledger.record(TENANT, [entry("before")], rules);
    const end = await refuse(url, refusal, 1_000_000);
    await expect(store.ledger.record(TENANT, [entry("meanwhile")], rules)).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.ledger.countSyncs(TENANT, {})).toBe(1);
    await end();
    await store.ledger.record(TENANT, [entry("meanwhile")], rules);
    expect(await store.ledger.countSyncs(TENANT, {})).toBe(2);
    await expectVerified(url);
  });

  test.each(cases(CONFLICTS))("because of $what, $when, is done again by itself, and once", async (refusal) => {
    const { store, url } = await open();
    const end = await refuse(url, refusal, CONFLICTS_IN_A_ROW);
    const [recorded] = await store.ledger.record(TENANT, [entry("run-1")], rules);
    await end();
    expect(recorded?.transitions.map(({ sequence, to }) => [sequence, to])).toEqual([
      [1, "CREATED"],
      [2, "RUNNING"],
    ]);
    expect(await store.ledger.transitionsAfter(TENANT, 0, 10)).toEqual(recorded?.transitions);
    await expectVerified(url);
  });

  test("far away: one at a time is answered, and of many at once each is there whole or was told that it may not be", async () => {
    const url = await make();
    await using link = await linkTo(url);
    const store = await openStore(link.url, { answerTimes: ANSWER_TIMES });
    try {
      await store.ledger.record(TENANT, [entry("before")], rules);
      link.lengthen(FAR_MS);
      await store.ledger.record(TENANT, [entry("alone")], rules);
      expect(await store.ledger.countSyncs(TENANT, {})).toBe(2);
      const names = Array.from({ length: AT_ONCE }, (_, index) => `run-${index}`);
      const answers = await Promise.allSettled(names.map((name) => store.ledger.record(TENANT, [entry(name)], rules)));
      link.lengthen(0);
      const refused = answers.filter((answer) => answer.status === "rejected");
      expect(refused.length).toBeGreaterThan(0);
      for (const { reason } of refused) expect(reason).toMatchObject(UNAVAILABLE);
      const acknowledged = answers.flatMap((answer) =>
        answer.status === "fulfilled" ? answer.value.map(({ sync }) => sync) : [],
      );
      const ids = acknowledged.map(({ id }) => id);
      expect((await store.ledger.syncsByIds(TENANT, ids)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      // What was told to be uncertain is done again, and is there once.
      for (const name of names) await store.ledger.record(TENANT, [entry(name)], rules);
      expect(await store.ledger.countSyncs(TENANT, {})).toBe(2 + AT_ONCE);
    } finally {
      await store.close();
    }
    await expectVerified(url);
  });
});
