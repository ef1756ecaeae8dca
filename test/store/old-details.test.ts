// Which definitions are to be read in full again.
import { expect, test } from "vitest";
import type { DefinitionSnapshot } from "../../src/domain/definition.ts";
import { identityOf } from "../../src/domain/identity.ts";
import { describeOnEachDatabase } from "../support/databases.ts";
import { at, syncJob } from "../support/store-values.ts";

const definitionId = (remoteId: string): string => identityOf("t1", "acme", "definition", remoteId);

describeOnEachDatabase("details that are old", (open) => {
  test("details are old when they were read long ago, or when the next run they tell of has passed; the oldest come first", async () => {
    const { store } = await open();
    const put = (readAt: number, ...definitions: readonly DefinitionSnapshot[]) =>
      store.catalog.putDefinitions("t1", "acme", definitions, at(readAt));
    await put(10, syncJob("passed", { nextRunAt: at(15) }), syncJob("long-ago", { nextRunAt: null }));
    await put(5, syncJob("longest-ago", { nextRunAt: null }), syncJob("gone"), syncJob("brief", { detailed: false }));
    await store.catalog.markDefinitionGone("t1", definitionId("gone"), at(6));
    await put(20, syncJob("still-passed", { nextRunAt: at(15) }), syncJob("to-come", { nextRunAt: at(40) }));
    const old = async (readBefore: number, passedReadBefore: number, limit = 10) =>
      (
        await store.catalog.oldDetails(
          "t1",
          "acme",
          { now: at(30), readBefore: at(readBefore), passedReadBefore: at(passedReadBefore) },
          limit,
        )
      ).map(({ remoteId }) => remoteId);
    expect(await old(5, 5)).toEqual(["passed"]);
    expect(await old(5, 21)).toEqual(["passed", "still-passed"]);
    expect((await old(11, 5)).toSorted()).toEqual(["long-ago", "longest-ago", "passed"]);
    expect(await old(11, 5, 1)).toEqual(["longest-ago"]);
    // A brief sight says nothing of the details.
    await put(30, syncJob("longest-ago", { detailed: false, nextRunAt: null }));
    expect(await old(11, 5, 1)).toEqual(["longest-ago"]);
  });
});
