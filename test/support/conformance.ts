// What a vendor's own file tells the conformance suite: data only. `test/providers/<vendor>/conformance.ts` exports it as `conformance`,
// and what the vendor is like in other settings, such as another version of its API, as `variants`.
import type { Capabilities, ProviderSettings } from "../../src/domain/provider-port.ts";
import type { StartOptions } from "../../src/domain/sync.ts";
import type { VendorUnderTest } from "./adapter-at-fake-vendor.ts";
import type { FixtureCall } from "./provider-fixtures.ts";
import type { DefinitionDraft } from "./provider-values.ts";

export interface VendorConformance extends VendorUnderTest {
  /** What an instance claims in other words than its module, which speaks for the usual settings. */
  readonly capabilities?: Partial<Capabilities>;
  /** Headers of every request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fixtures: {
    /** Fewer cases than this are a sign that the walker looks in the wrong place. */
    readonly atLeast: number;
    /** The questions that the cases ask, all of them. */
    readonly questions: readonly FixtureCall["method"][];
    /** The vendor's words for a good end, in lower case: a reply that has none of them never becomes a success. */
    readonly goodEnds: readonly string[];
    /** What no expected value may show: the secrets planted in the replies. */
    readonly hidden: RegExp;
    /** Begins the names of a variant's cases; the vendor's own are all that no variant claims. */
    readonly prefix?: string;
  };
  /** A start that the fake vendor is asked for; the sandbox need not know it. */
  readonly start: {
    readonly definition: DefinitionDraft;
    readonly linkedAccount: string | null;
    readonly options?: StartOptions;
  };
  readonly sandbox: {
    /** Path below which the sandbox serves this variant; default: that of its address. */
    readonly path?: string;
    /** A definition whose runs end well, by its name in the sandbox, and the name of the account it runs for where it fixes none. */
    readonly runs: { readonly definition: string; readonly linkedAccount?: string; readonly options?: StartOptions };
    /** Ids of the vendor's form that nothing in the sandbox has. */
    readonly unknown: { readonly definition: DefinitionDraft; readonly run: string };
  };
  /** The body of a list without entries. */
  readonly emptyList: unknown;
  /** A list that has pages; null when the vendor has none. */
  readonly paging: Paging | null;
  /** Settings that cannot work and the path of each problem; that credentials are needed is asked of every vendor. */
  readonly badSettings: readonly (readonly [string, Partial<ProviderSettings>, readonly (readonly string[])[]])[];
}

/** How a list is cut into pages in front of the sandbox. */
export interface Paging {
  readonly question: "listLinkedAccounts" | "listDefinitions";
  /** Path of the list, with the base URL's own. */
  readonly path: string;
  /** Name of the parameter that carries the cursor. */
  readonly cursorParameter: string;
  /** Where the list is in the body: a name, or the names on the way to it. */
  readonly items: string | readonly string[];
  /** Whether the first page is asked for once more at the end, because entries may have moved there; default false. */
  readonly endsAtFirst?: boolean;
  /** The body of a page. */
  body(items: readonly unknown[], next: string | null): unknown;
}

/** A vendor in other settings than its usual ones. */
export interface VendorVariant {
  /** What tells it from the others: `v4`. */
  readonly name: string;
  readonly conformance: VendorConformance & { readonly fixtures: { readonly prefix: string } };
}

/** What an instance of this vendor claims. */
export const capabilitiesOf = ({ module, capabilities }: VendorConformance): Capabilities => ({
  ...module.capabilities,
  ...capabilities,
});
