// Every vendor folder the registry finds, with what its tests say of it. A vendor without that file fails whatever runs over all of them.
import { readdirSync } from "node:fs";
import { loadProviderModules } from "../../src/providers/registry.ts";
import type { VendorConformance, VendorVariant } from "./conformance.ts";

export interface VendorRow {
  /** The folder's name. */
  readonly kind: string;
  /** The folder's name, and a variant's behind it. */
  readonly name: string;
  readonly vendor: VendorConformance;
  /** Whether a recorded case of that name is this row's. */
  owns(fixture: string): boolean;
}

/** The folders of vendors, looked at without the registry. A new one is in no list. */
export function vendorFolders(): readonly string[] {
  const entries = readdirSync(new URL("../../src/providers/", import.meta.url), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

/**
 * All vendors by name, each with its variants behind it.
 *
 * @throws Error when a vendor's `conformance.ts` is missing or tells of another vendor
 */
export async function loadVendorRows(): Promise<readonly VendorRow[]> {
  const modules = await loadProviderModules();
  return (await Promise.all([...modules.keys()].map((kind) => loadRows(kind)))).flat();
}

/** @param folder where the vendors' test folders are; the test of this file gives another */
export async function loadRows(
  kind: string,
  folder = new URL("../providers/", import.meta.url),
): Promise<readonly VendorRow[]> {
  const file = new URL(`${kind}/conformance.ts`, folder);
  const loaded: unknown = await import(file.href).catch((cause: unknown) => {
    throw new Error(
      `test/providers/${kind}/conformance.ts: expected what the conformance suite needs to know, got none`,
      { cause },
    );
  });
  if (!isFile(loaded)) {
    throw new Error(
      `test/providers/${kind}/conformance.ts: expected it to export \`conformance\`, and \`variants\` as a list`,
    );
  }
  const { conformance, variants = [] } = loaded;
  const isVariants = (fixture: string): boolean =>
    variants.some((variant) => fixture.startsWith(variant.conformance.fixtures.prefix));
  const rows: readonly VendorRow[] = [
    { kind, name: kind, vendor: conformance, owns: (fixture) => !isVariants(fixture) },
    ...variants.map((variant) => ({
      kind,
      name: `${kind} ${variant.name}`,
      vendor: variant.conformance,
      owns: (fixture: string) => fixture.startsWith(variant.conformance.fixtures.prefix),
    })),
  ];
  if (rows.some(({ vendor }) => vendor.module.kind !== kind)) {
    throw new Error(`test/providers/${kind}/conformance.ts: expected the module "${kind}", got another vendor's`);
  }
  return rows;
}

interface VendorFile {
  readonly conformance: VendorConformance;
  readonly variants?: readonly VendorVariant[];
}

/** The file's types are checked where it is written; here only whether it is that file. */
function isFile(loaded: unknown): loaded is VendorFile {
  if (typeof loaded !== "object" || loaded === null || !("conformance" in loaded)) return false;
  const { conformance } = loaded;
  const isVendor =
    typeof conformance === "object" && conformance !== null && "module" in conformance && "sandbox" in conformance;
  return isVendor && (!("variants" in loaded) || Array.isArray(loaded.variants));
}
