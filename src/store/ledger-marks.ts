// How far a ledger is known to have come, kept where a restore of its database does not bring it along: a ledger that has not come as far
// as it had once was restored. For an SQLite file it is a small file beside it.
import { readFile, realpath, rename, writeFile } from "node:fs/promises";
import { z } from "zod";

export interface LedgerMark {
  readonly ledgerId: string;
  /** The newest number of each tenant. */
  readonly heads: Readonly<Record<string, number>>;
}

export interface LedgerMarks {
  /** Null when none is known. Rejects when it cannot be read now. */
  read(): Promise<LedgerMark | null>;
  write(mark: LedgerMark): Promise<void>;
}

const markSchema = z.object({ ledgerId: z.string(), heads: z.record(z.string(), z.number().int().min(0)) });

/** What is no mark says nothing. */
export function parseMark(text: string | null): LedgerMark | null {
  try {
    return markSchema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null;
  }
}

/** @param file the path of the database, by whatever name */
export function marksBeside(file: string): LedgerMarks {
  const path = async (): Promise<string> => `${await realpath(file).catch(() => file)}-ledger`;
  return {
    read: async () => parseMark(await readFile(await path(), "utf8").catch(() => null)),
    write: async (mark) => {
      const to = await path();
      // Whole or not at all, also when the process is killed.
      await writeFile(`${to}-new`, JSON.stringify(mark), { mode: 0o600 });
      await rename(`${to}-new`, to);
    },
  };
}

/** Tenants whose ledger has not come as far as the mark says, though it has the same id. */
export function fallenBehind(mark: LedgerMark | null, now: LedgerMark): readonly string[] {
  if (mark === null || mark.ledgerId !== now.ledgerId) return [];
  return Object.entries(mark.heads)
    .filter(([tenantId, head]) => head > (now.heads[tenantId] ?? 0))
    .map(([tenantId]) => tenantId);
}
