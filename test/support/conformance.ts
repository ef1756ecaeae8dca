// What a vendor's own file tells the conformance suite: data only. `test/providers/<vendor>/conformance.ts` exports it as `conformance`.
import type { ProviderSettings } from "../../src/domain/provider-port.ts";
import type { StartOptions } from "../../src/domain/sync.ts";
import type { VendorUnderTest } from "./adapter-at-fake-vendor.ts";
import type { FixtureCall } from "./provider-fixtures.ts";
import type { DefinitionDraft } from "./provider-values.ts";

export interface VendorConformance extends VendorUnderTest {
  /** Headers of every request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fixtures: {
    /** Fewer cases than this are a sign that the walker looks in the wrong place. */
    readonly atLeast: number;
    /** The questions that the cases ask, all of them. */
    readonly questions: readonly FixtureCall["method"][];
    /** What no expected value may show: the secrets planted in the replies. */
    readonly hidden: RegExp;
  };
  /** A start that the fake vendor is asked for; the sandbox need not know it. */
  readonly start: {
    readonly definition: DefinitionDraft;
    readonly linkedAccount: string | null;
    readonly options?: StartOptions;
  };
  readonly sandbox: {
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
  /** Name of the list in the body. */
  readonly items: string;
  /** The body of a page. */
  body(items: readonly unknown[], next: string | null): unknown;
}
