// `syncgraph restored`: says that the database was restored from a backup, so that cursors from before are not taken for its own.
import { claimFile } from "../store/file-claim.ts";
import { openStore } from "../store/open-store.ts";
import { ConfigError, readConfig } from "./config.ts";
import { StartError, cannotOpenDatabase } from "./start-error.ts";

/** @returns the exit code. 0: the ledger has a new id; 1: it cannot be given one */
export async function restored(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    const { databaseUrl } = readConfig(environment);
    const warn = (message: string) => void process.stderr.write(`${message}\n`);
    const refused = (error: unknown): never => {
      throw cannotOpenDatabase(error, databaseUrl);
    };
    const giveBack = await claimFile(databaseUrl, warn).catch(refused);
    try {
      const store = await openStore(databaseUrl, { warn }).catch(refused);
      try {
        await store.identity.renewLedger(store.identity.known().ledgerId);
      } finally {
        await store.close();
      }
    } finally {
      await giveBack();
    }
    process.stderr.write(
      "The ledger has a new id. Whoever goes on from a cursor of before is answered CURSOR_EXPIRED, with the oldest cursor that goes on.\n",
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
