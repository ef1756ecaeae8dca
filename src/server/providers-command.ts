// `syncgraph providers list | rename | adopt`: what the store knows of the providers' accounts, and how to go on when one changed. They work
// beside running gateways and without any.
import type { ProviderAccount, RenameOutcome } from "../domain/provider-account.ts";
import type { Store } from "../domain/store-port.ts";
import { openStore } from "../store/open-store.ts";
import { ConfigError, readConfig } from "./config.ts";
import { StartError, cannotOpenDatabase } from "./start-error.ts";
import { LOCAL_TENANT } from "./tenant.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a command has to say, and the code it ends with. */
interface Ending {
  readonly code: number;
  readonly text: string;
}

/** @returns the exit code of each. 0: done, or done before; 1: it cannot be done; 2: it was called wrongly */
export const listProviders = (environment: Environment): Promise<number> =>
  withStore(environment, async (store) => {
    const accounts = await store.accounts.all(LOCAL_TENANT);
    const lines = accounts.map(lineOf);
    return { code: 0, text: lines.length === 0 ? "The store knows no provider." : lines.join("\n") };
  });

export async function renameProvider(environment: Environment, from: string, to: string): Promise<number> {
  if (!KEY.test(to))
    return say({ code: 2, text: `"${to}" is no key: expected lower-case letters, digits and dashes, at most 63.` });
  return withStore(environment, async (store) =>
    endingOf(await store.accounts.rename(LOCAL_TENANT, from, to), { from, to, known: await keysOf(store) }),
  );
}

export const adoptProvider = (environment: Environment, key: string): Promise<number> =>
  withStore(environment, async (store) => {
    if (await store.accounts.adopt(LOCAL_TENANT, key))
      return {
        code: 0,
        text: `${key} goes on with whatever account it speaks to next. A running gateway that refuses it notices within seconds; one that did not start is to be started again.`,
      };
    return { code: 1, text: unknownKey(key, await keysOf(store)) };
  });

/** As the configuration demands it. */
const KEY = /^[a-z0-9][a-z0-9-]{0,62}$/u;

async function withStore(environment: Environment, work: (store: Store) => Promise<Ending>): Promise<number> {
  try {
    const { databaseUrl } = readConfig(environment);
    const notOpened = (error: unknown): never => {
      throw cannotOpenDatabase(error, databaseUrl);
    };
    const warn = (message: string) => void process.stderr.write(`${message}\n`);
    const store = await openStore(databaseUrl, { warn }).catch(notOpened);
    try {
      return say(await work(store));
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    return say({ code: 1, text: error.message });
  }
}

function say({ code, text }: Ending): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

const keysOf = async (store: Store): Promise<readonly string[]> =>
  (await store.accounts.all(LOCAL_TENANT)).map(({ shownKey }) => shownKey);

function endingOf(
  outcome: RenameOutcome,
  { from, to, known }: { readonly from: string; readonly to: string; readonly known: readonly string[] },
): Ending {
  switch (outcome) {
    case "RENAMED":
      return {
        code: 0,
        text: `${from} is ${to} now, with all its history and every id. Write ${to} into the configuration and restart every gateway: they go by the old key until then. Webhooks are taken at both paths.`,
      };
    case "DONE_BEFORE":
      return { code: 0, text: `Nothing to do: the store knows ${to} and no ${from}.` };
    case "UNKNOWN":
      return { code: 1, text: unknownKey(from, known) };
    case "TAKEN":
      return {
        code: 1,
        text: `${to} has history of its own, and two histories are not put together. Give ${to} another name first, or choose another one.`,
      };
  }
}

const unknownKey = (key: string, known: readonly string[]): string =>
  `The store knows no provider "${key}". It knows: ${known.join(", ") || "none"}.`;

function lineOf(account: ProviderAccount): string {
  const { shownKey, providerKey, kind, address, sandbox, remoteAccount, confirmedAt, removedAt } = account;
  const facts = [
    shownKey,
    kind ?? "kind not known",
    ...(sandbox === true ? ["sandbox"] : []),
    address ?? "address not known",
    ...(remoteAccount === null ? [] : [`account ${remoteAccount}`]),
    confirmedAt === null ? "not confirmed yet" : `confirmed ${confirmedAt.toISOString()}`,
    ...(providerKey === shownKey ? [] : [`first called ${providerKey}`]),
    ...(removedAt === null ? [] : [`removed ${removedAt.toISOString()}`]),
  ];
  return facts.join("  ");
}
