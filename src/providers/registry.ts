// Finds the vendors: every folder beside this file is one. The only place that imports by a computed name.
import { readdir } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProviderModule } from "../domain/provider-port.ts";
import type { SandboxModule } from "../domain/sandbox-port.ts";
import type { HttpClient } from "../wire/http-client.ts";

export type AnyProviderModule = ProviderModule<unknown, HttpClient>;

/** Sources are `.ts`, and `.js` once built; the folders hold the same names with this file's ending. */
const ENDING = extname(fileURLToPath(import.meta.url));
const HERE = new URL("./", import.meta.url);

/**
 * All provider modules by kind.
 *
 * @param folder where the vendors' folders are; tests give another
 * @throws Error when a folder's module is none, or calls itself by another name than its folder
 */
export async function loadProviderModules(folder: URL = HERE): Promise<ReadonlyMap<string, AnyProviderModule>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const kinds = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const modules = await Promise.all(kinds.sort().map(async (kind) => [kind, await loadModule(folder, kind)] as const));
  return new Map(modules);
}

/** The vendor's sandbox. */
export async function loadSandbox(kind: string): Promise<SandboxModule> {
  const loaded: unknown = await import(new URL(`${kind}/sandbox${ENDING}`, HERE).href);
  if (isSandboxModule(loaded)) return loaded;
  throw new Error(`providers/${kind}/sandbox${ENDING}: expected it to export startSandbox`);
}

async function loadModule(folder: URL, kind: string): Promise<AnyProviderModule> {
  const loaded: unknown = await import(new URL(`${kind}/index${ENDING}`, folder).href);
  const found = isObject(loaded) ? loaded["default"] : undefined;
  if (!isProviderModule(found))
    throw new Error(`providers/${kind}/index${ENDING}: expected a provider module as default export`);
  if (found.kind !== kind)
    throw new Error(`providers/${kind}: its module calls itself "${found.kind}"; folder and kind must be one name`);
  return found;
}

function isProviderModule(value: unknown): value is AnyProviderModule {
  if (!isObject(value)) return false;
  const methods = ["parseConfig", "endpoint", "readError", "create"];
  return (
    typeof value["kind"] === "string" &&
    typeof value["displayName"] === "string" &&
    isObject(value["capabilities"]) &&
    methods.every((name) => typeof value[name] === "function")
  );
}

function isSandboxModule(value: unknown): value is SandboxModule {
  return isObject(value) && typeof value["startSandbox"] === "function";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
