// The self-check: everything that holds in a store that is well, asked of one moment of it. It reads and never mends.
import { accountChecks } from "./checks/account-checks.ts";
import type { Check, Finding, Snapshot } from "./checks/check.ts";
import { identityChecks } from "./checks/identity-checks.ts";
import { inboxChecks } from "./checks/inbox-checks.ts";
import { ledgerChecks } from "./checks/ledger-checks.ts";
import { runChecks } from "./checks/run-checks.ts";
import { openReadOnly } from "./checks/snapshot.ts";
import { triggerChecks } from "./checks/trigger-checks.ts";
import { identifier, sql } from "./sql.ts";

const CHECKS = { ...ledgerChecks, ...runChecks, ...triggerChecks, ...inboxChecks, ...identityChecks, ...accountChecks };

export type CheckName = keyof typeof CHECKS;

export interface Violation extends Finding {
  readonly check: CheckName;
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
  const { mostPerCheck = 100, pause = () => Promise.resolve() } = options;
  const store = await openReadOnly(databaseUrl);
  try {
    const first = await store.at(async (snapshot) => ({
      rows: await countRows(snapshot),
      looks: await look(snapshot, checkNames, mostPerCheck + 1),
    }));
    const late = first.looks.filter(({ name, findings }) => checkOf(name).late && findings.length > 0);
    if (late.length === 0) return verificationOf(first.rows, first.looks, mostPerCheck);
    await pause();
    const again = await store.at((snapshot) =>
      look(
        snapshot,
        late.map(({ name }) => name),
        mostPerCheck + 1,
      ),
    );
    return verificationOf(
      first.rows,
      first.looks.map((one) => stillFound(one, again)),
      mostPerCheck,
    );
  } finally {
    await store.close();
  }
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
