// `syncgraph verify`: checks the store that DATABASE_URL names.
import { setTimeout as pause } from "node:timers/promises";
import { verifyStore } from "../store/verify.ts";
import type { Verification, Violation } from "../store/verify.ts";
import { ConfigError, readConfig } from "./config.ts";
import { marksOf } from "./marks-of.ts";
import { causeInWords } from "./start-error.ts";

/** A gateway that has just come back takes up what was left within seconds. */
const LOOK_AGAIN_AFTER_MS = 30_000;

/** @returns the exit code. 0: all is well; 1: something is not; 2: it cannot be checked */
export async function verify(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    return await check(environment);
  } catch (error) {
    // Whatever it was, nothing was checked: that must not look like an answer.
    const why = `The store that DATABASE_URL names cannot be checked: ${causeInWords(error)}.`;
    process.stderr.write(`${error instanceof ConfigError ? error.message : why}\n`);
    return 2;
  }
}

async function check(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  const { databaseUrl } = readConfig(environment);
  const lookAgain = async () => {
    process.stderr.write(`Something seems to be left undone; looking again in ${LOOK_AGAIN_AFTER_MS / 1_000} s.\n`);
    await pause(LOOK_AGAIN_AFTER_MS);
  };
  const marks = marksOf(databaseUrl, null);
  const verification = await verifyStore(databaseUrl, { pause: lookAgain, marks });
  process.stdout.write(reportOf(verification));
  return verification.violations.length === 0 ? 0 : 1;
}

function reportOf({ violations, cut, checks, rows }: Verification): string {
  const { runs, transitions, triggers, deliveries } = rows;
  const found = violations.length === 0 ? "nothing is wrong" : `${violations.length} violations`;
  return [
    ...violations.map(lineOf),
    ...cut.map((check) => `${check}: there are more than these`),
    `${checks} checks over ${runs} runs, ${transitions} transitions, ${triggers} triggers, ${deliveries} deliveries: ${found}`,
    "",
  ].join("\n");
}

const lineOf = ({ check, tenant, subject, expected, found }: Violation): string =>
  `${check}: tenant ${tenant}, ${subject}: expected that ${expected}; found ${found}`;
