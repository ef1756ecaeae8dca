#!/usr/bin/env node
// The program `syncgraph`: which of its commands is meant, and the code it ends with.
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { z } from "zod";
import { migrate } from "./migrate-command.ts";
import { adoptProvider, listProviders, renameProvider } from "./providers-command.ts";
import { restored } from "./restored-command.ts";
import { runSandbox } from "./sandbox-command.ts";
import { serve } from "./serve-command.ts";
import { verify } from "./verify-command.ts";

/** What was asked for is no command. */
const USAGE = 2;

/** The part of it that is told. */
const packageFile = z.object({ version: z.string() });

/** What happens without a command. */
const DEFAULT = ["serve"];

function programFor(environment: NodeJS.ProcessEnv, end: (code: number) => void): Command {
  const program = new Command("syncgraph")
    .description("One GraphQL API over every data-sync provider.")
    .version(versionOf(), "-V, --version")
    .exitOverride()
    .showHelpAfterError("Run `syncgraph --help` to see what there is.")
    .addHelpText("after", "\nSettings are environment variables: docs/operating.md lists them.");
  program
    .command("serve")
    .description("run the gateway until it is told to stop; what happens without a command")
    .action(async () => end(await serve(environment)));
  program
    .command("migrate")
    .description("bring the schema of DATABASE_URL up to date, and end")
    .action(async () => end(await migrate(environment)));
  program
    .command("verify")
    .description("check the store of DATABASE_URL: ends with 0 (well), 1 (something is wrong) or 2 (cannot be checked)")
    .action(async () => end(await verify(environment)));
  const providers = program
    .command("providers")
    .description("which accounts the store of DATABASE_URL knows, and how to go on when one changed");
  providers
    .command("list")
    .description("every provider with its account, and whether it was removed")
    .action(async () => end(await listProviders(environment)));
  providers
    .command("rename")
    .description("a key got a new name: its history, ids and cursors stay; restart the gateways with the new key")
    .argument("<old>", "the key the store knows")
    .argument("<new>", "the key in the configuration from now on")
    .action(async (from: string, to: string) => end(await renameProvider(environment, from, to)));
  providers
    .command("adopt")
    .description("a key speaks to another account and is the same business: go on with it")
    .argument("<key>", "the key in the configuration")
    .action(async (key: string) => end(await adoptProvider(environment, key)));
  program
    .command("restored")
    .description(
      "to be run after DATABASE_URL was restored from a backup, before a gateway serves it: cursors from before are then answered CURSOR_EXPIRED and not taken for the restored ledger's own",
    )
    .action(async () => end(await restored(environment)));
  program
    .command("sandbox")
    .description("run one vendor's sandbox alone")
    .argument("<vendor>", "its kind; a wrong one is answered with those there are")
    .argument("[port]", "where it listens; 0 lets the system choose", "0")
    .argument("[speed]", "how much faster than life its runs go", "1")
    .action(async (vendor: string, port: string, speed: string) => end(await runSandbox({ vendor, port, speed })));
  return program;
}

function versionOf(): string {
  return packageFile.parse(createRequire(import.meta.url)("syncgraph/package.json")).version;
}

const asked = process.argv.slice(2);
try {
  const program = programFor(process.env, (code) => (process.exitCode = code));
  await program.parseAsync(asked.length === 0 ? DEFAULT : asked, { from: "user" });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // It has said what is wrong; asking for help or the version is nothing wrong.
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
