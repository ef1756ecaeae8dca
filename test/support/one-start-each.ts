// A start at each of the four vendors, asked for again and again until it is decided, as a client does whose gateway died.
import { accountOf, definitionNamed, listDefinitions, triggerSync, type TriggerAnswer } from "./gateway-operations.ts";

/** One definition of each vendor, as `triggerSync` takes it, in the vendors' order. Nothing but the key holds a second start back. */
export async function inputs(url: string, key: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const definitions = await listDefinitions(url);
  const id = (provider: string, name: string) => definitionNamed(definitions, provider, name).id;
  const chosen = [
    { definitionId: id("rootfi", "Harbour Lane Coffee Roasters / XERO") },
    { definitionId: id("stuut", "Corvid Medical (Sage Intacct)") },
    { definitionId: id("polytomic", "Audience snapshot to spreadsheet") },
    {
      definitionId: id("truto", "Zendesk tickets"),
      linkedAccountId: (await accountOf(url, "truto", "zendesk")).id,
      args: { start_date: "2026-01-01" },
    },
  ];
  return chosen.map((input, index) => ({ ...input, ifRunning: "START_ANOTHER", idempotencyKey: `${key} ${index}` }));
}

/** All answers as soon as none says that the first request is still going on. */
export async function decided(
  url: string,
  asked: readonly Readonly<Record<string, unknown>>[],
): Promise<readonly TriggerAnswer[] | null> {
  const answers = await Promise.all(asked.map((input) => triggerSync(url, input)));
  const open = answers.some(({ data }) =>
    data.triggerSync?.userErrors.some(({ code }) => code === "IDEMPOTENCY_IN_PROGRESS"),
  );
  return open ? null : answers;
}

export const runsOf = ({ data }: TriggerAnswer): readonly string[] =>
  (data.triggerSync?.syncs ?? []).map(({ id }) => id);
