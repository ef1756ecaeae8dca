// The self-check: everything that holds in a store that is well, asked of one moment of it. It reads and never mends.
import { accountChecks } from "./checks/account-checks.ts";
import type { Check, Finding, Snapshot } from "./checks/check.ts";
import { identityChecks } from "./checks/identity-checks.ts";
import { inboxChecks } from "./checks/inbox-checks.ts";
import { ledgerChecks } from "./checks/ledger-checks.ts";
import { runChecks } from "./checks/run-checks.ts";
import { openReadOnly } from "./checks/snapshot.ts";
import { triggerChecks } from "./checks/trigger-checks.ts";
import { readIdentity } from "./identity-store.ts";
import { fallenBehind, type LedgerMark, type LedgerMarks } from "./ledger-marks.ts";
import { identifier, sql } from "./sql.ts";

const CHECKS = { ...ledgerChecks, ...runChecks, ...triggerChecks, ...inboxChecks, ...identityChecks, ...accountChecks };

/** What a mark outside of the database says; see `VerifyOptions`. */
const TOLD = "ledger-told";

export type CheckName = keyof typeof CHECKS;

export interface Violation extends Finding {
  readonly check: CheckName | typeof TOLD;
  readonly expected: string;
}

export interface Verification {
  readonly violations: readonly Violation[];
  /** How many checks were made. */
  readonly checks: number;
  /** Checks that found more than is listed. */
  readonly cut: readonly CheckName[];
  /** How much there was to look at. */
  readonly rows: {
    readonly runs: number;
    readonly transitions: number;
    readonly triggers: number;
    readonly deliveries: number;
  };
}

export interface VerifyOptions {
  /** Violations listed of one check, at most. Default 100. */
  readonly mostPerCheck?: number;
  /** How far the ledger is known to have come, as it is written down outside of the database: whether it still does is one check more. */
  readonly marks?: LedgerMarks;
  /** Waits before what seems to be left undone is looked at once more. Default: not at all. */
  readonly pause?: () => Promise<void>;
}

/**
 * Checks a store. Gateways may write to it meanwhile: each look is at one moment, in which every transaction is there as a whole or not
 * at all. What is overdue in one look may be taken up the moment after, as when a gateway has just come back: only what is found again
 * after the pause counts.
 *
 * @throws TypeError, OtherSchemaError or GatewayError `SERVICE_UNAVAILABLE` when the store cannot be checked
 */
export async function verifyStore(databaseUrl: string, options: VerifyOptions = {}): Promise<Verification> {
  const { mostPerCheck = 100, pause = () => Promise.resolve(), marks } = options;
  // Before the look: gateways go on.
  const mark = (await marks?.read()) ?? null;
  const verification = await check(databaseUrl, { mostPerCheck, pause }, mark);
  return marks === undefined ? verification : { ...verification, checks: verification.checks + 1 };
}

async function check(
  databaseUrl: string,
  { mostPerCheck, pause }: Required<Omit<VerifyOptions, "marks">>,
  mark: LedgerMark | null,
): Promise<Verification> {
  const store = await openReadOnly(databaseUrl);
  try {
    const first = await store.at(async (snapshot) => ({
      rows: await countRows(snapshot),
      looks: await look(snapshot, checkNames, mostPerCheck + 1),
      behind: mark === null ? [] : await behind(snapshot, mark),
    }));
    const whole = (looks: readonly Look[]): Verification => {
      const found = verificationOf(first.rows, looks, mostPerCheck);
      return { ...found, violations: [...first.behind, ...found.violations] };
    };
    const late = first.looks.filter(({ name, findings }) => checkOf(name).late && findings.length > 0);
    if (late.length === 0) return whole(first.looks);
    await pause();
    const again = await store.at((snapshot) =>
      look(
        snapshot,
        late.map(({ name }) => name),
        mostPerCheck + 1,
      ),
    );
    return whole(first.looks.map((one) => stillFound(one, again)));
  } finally {
    await store.close();
  }
}

/** What is missing of what gateways had told clients. */
async function behind({ query }: Snapshot, mark: LedgerMark): Promise<readonly Violation[]> {
  const { ledgerId } = await readIdentity(query);
  const rows = await query(sql`select tenant_id, last_sequence from ledger_head`);
  const heads = Object.fromEntries(rows.map((row) => [String(row["tenant_id"]), Number(row["last_sequence"])]));
  return fallenBehind(mark, { ledgerId, heads }).map((tenant) => ({
    check: TOLD,
    tenant,
    subject: "head",
    expected:
      "the ledger has all that gateways told of it; where it was restored, `syncgraph restored` or the next start gives it a new id",
    found: `head ${heads[tenant] ?? 0}, and it had come to ${mark.heads[tenant] ?? 0}`,
  }));
}

interface Look {
  readonly name: CheckName;
  readonly findings: readonly Finding[];
}

const checkOf = (name: CheckName): Check => CHECKS[name];

export const checkNames = Object.keys(CHECKS) as readonly CheckName[];

async function look(snapshot: Snapshot, names: readonly CheckName[], most: number): Promise<readonly Look[]> {
  const looks: Look[] = [];
  for (const name of names) looks.push({ name, findings: await checkOf(name).find(snapshot, most) });
  return looks;
}

/** What was found the second time too, word for word: a row that has changed is being worked on. */
function stillFound({ name, findings }: Look, again: readonly Look[]): Look {
  const second = again.find((one) => one.name === name);
  if (second === undefined) return { name, findings };
  const known = new Set(findings.map((finding) => JSON.stringify(finding)));
  return { name, findings: second.findings.filter((finding) => known.has(JSON.stringify(finding))) };
}

function verificationOf(rows: Verification["rows"], looks: readonly Look[], most: number): Verification {
  return {
    rows,
    checks: looks.length,
    cut: looks.filter(({ findings }) => findings.length > most).map(({ name }) => name),
    violations: looks.flatMap(({ name, findings }) =>
      findings.slice(0, most).map((finding) => ({ check: name, expected: checkOf(name).expected, ...finding })),
    ),
  };
}

async function countRows({ query }: Snapshot): Promise<Verification["rows"]> {
  const count = async (table: string): Promise<number> =>
    Number((await query(sql`select count(*) as found from ${identifier(table)}`))[0]?.["found"]);
  return {
    runs: await count("sync"),
    transitions: await count("transition"),
    triggers: await count("sync_trigger"),
    deliveries: await count("webhook_delivery"),
  };
}
