// `syncgraph migrate`: brings the database's schema up to date without serving, for deployments in which gateways must not do that.
import { openStore } from "../store/open-store.ts";
import { ConfigError, readConfig } from "./config.ts";
import { StartError, cannotOpenDatabase } from "./start-error.ts";

/** @returns the exit code. 0: the schema is this version's; 1: it cannot be made so */
export async function migrate(environment: Readonly<Record<string, string | undefined>>): Promise<number> {
  try {
    const { databaseUrl } = readConfig(environment);
    const warn = (message: string) => void process.stderr.write(`${message}\n`);
    const store = await openStore(databaseUrl, { warn }).catch((error: unknown) => {
      throw cannotOpenDatabase(error, databaseUrl);
    });
    await store.close();
    process.stderr.write("The schema is up to date.\n");
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}
