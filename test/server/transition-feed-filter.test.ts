// What a subscription's filter lets through: any of the values within a field, all fields together.
import { describe, expect, test } from "vitest";
import { advance } from "../../src/domain/advance.ts";
import type { FeedEntry } from "../../src/domain/gateway-port.ts";
import { SyncOrigin, SyncOutcome, SyncStatus } from "../../src/domain/status.ts";
import type { SyncFilter } from "../../src/domain/store-port.ts";
import { matches } from "../../src/server/transition-feed.ts";
import { ended } from "../support/feed.ts";
import { at, observation } from "../support/store-values.ts";

const { Created, Running, Failed } = SyncStatus;

describe("a filter", () => {
  const facts = { models: ["tickets", "users"], origin: SyncOrigin.Scheduled, createdAt: at(100), startedAt: at(150) };
  const { state, transitions } = advance(null, observation("a", { ...ended, facts }));
  const links = {
    id: "s1",
    tenantId: "t1",
    providerKey: "acme",
    definitionId: "d1",
    linkedAccountId: null,
    triggerId: null,
    retryOfId: null,
    version: 1,
  };
  const [created, running, success] = transitions.map((draft, index): FeedEntry => ({
    transition: { ...draft, id: `x${index}`, tenantId: "t1", syncId: "s1", sequence: index + 1 },
    sync: { ...state, ...links },
  }));

  test.each<[SyncFilter, readonly boolean[]]>([
    [{}, [true, true, true]],
    [{ statuses: [Created, Failed] }, [true, false, false]],
    [{ statuses: [Running] }, [false, true, false]],
    [{ outcomes: [SyncOutcome.Complete] }, [false, false, true]],
    [{ outcomes: [SyncOutcome.Partial] }, [false, false, false]],
    [{ open: true }, [true, true, false]],
    [{ open: false }, [false, false, true]],
    [{ providerKeys: ["globex", "acme"] }, [true, true, true]],
    [{ providerKeys: ["globex"] }, [false, false, false]],
    [{ definitionIds: ["d1"] }, [true, true, true]],
    [{ definitionIds: ["d2"] }, [false, false, false]],
    [{ linkedAccountIds: ["l1"] }, [false, false, false]],
    [{ syncIds: ["s2", "s1"] }, [true, true, true]],
    [{ syncIds: [] }, [false, false, false]],
    [{ models: ["users", "deals"] }, [true, true, true]],
    [{ models: ["deals"] }, [false, false, false]],
    [{ origins: [SyncOrigin.Scheduled] }, [true, true, true]],
    [{ origins: [SyncOrigin.Gateway] }, [false, false, false]],
    [{ createdAfter: at(100) }, [true, true, true]],
    [{ createdAfter: at(101) }, [false, false, false]],
    [{ createdBefore: at(101) }, [true, true, true]],
    [{ createdBefore: at(100) }, [false, false, false]],
    [{ statuses: [Running], providerKeys: ["acme"], models: ["tickets"] }, [false, true, false]],
    [{ statuses: [Running], providerKeys: ["globex"] }, [false, false, false]],
  ])("%j lets through what it names", (filter, passing) => {
    expect([created, running, success].map((entry) => entry !== undefined && matches(entry, filter))).toEqual(passing);
  });
});
