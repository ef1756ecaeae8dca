// Every vendor folder the registry finds, with what its tests say of it. A vendor without that file fails whatever runs over all of them.
import { loadProviderModules } from "../../src/providers/registry.ts";
import type { VendorConformance } from "./conformance.ts";

export interface VendorRow {
  /** The folder's name. */
  readonly kind: string;
  readonly vendor: VendorConformance;
}

/**
 * All vendors by name.
 *
 * @throws Error when a vendor's `conformance.ts` is missing or tells of another vendor
 */
export async function loadVendorRows(): Promise<readonly VendorRow[]> {
  const modules = await loadProviderModules();
  return Promise.all([...modules.keys()].map((kind) => loadRow(kind)));
}

/** @param folder where the vendors' test folders are; the test of this file gives another */
export async function loadRow(kind: string, folder = new URL("../providers/", import.meta.url)): Promise<VendorRow> {
  const file = new URL(`${kind}/conformance.ts`, folder);
  const loaded: unknown = await import(file.href).catch((cause: unknown) => {
    throw new Error(
      `test/providers/${kind}/conformance.ts: expected what the conformance suite needs to know, got none`,
      { cause },
    );
  });
  if (!isRow(loaded) || loaded.conformance.module.kind !== kind) {
    throw new Error(
      `test/providers/${kind}/conformance.ts: expected it to export \`conformance\` of the module "${kind}"`,
    );
  }
  return { kind, vendor: loaded.conformance };
}

/** The file's type is checked where it is written; here only whether it is that file. */
function isRow(loaded: unknown): loaded is { readonly conformance: VendorConformance } {
  if (typeof loaded !== "object" || loaded === null || !("conformance" in loaded)) return false;
  const { conformance } = loaded;
  return typeof conformance === "object" && conformance !== null && "module" in conformance && "sandbox" in conformance;
}
