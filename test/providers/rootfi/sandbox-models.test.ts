// The RootFi sandbox's table of data models: plural in v3, singular in v4.
import { describe, expect, it } from "vitest";
import { categoryOf, pluralOf, singularOf } from "../../../src/providers/rootfi/sandbox-models.ts";

describe("the names of data models", () => {
  it.each([
    ["ACCOUNTS", "ACCOUNT"],
    ["INVOICES", "INVOICE"],
    ["TAX_RATES", "TAX_RATE"],
    ["EXPENSES", "EXPENSE"],
    ["ADDRESSES", "ADDRESS"],
    ["JOURNAL_ENTRIES", "JOURNAL_ENTRY"],
    ["TRACKING_CATEGORIES", "TRACKING_CATEGORY"],
    ["CURRENCIES", "CURRENCY"],
    ["COMPANY_INFO", "COMPANY_INFO"],
    ["BALANCE_SHEET", "BALANCE_SHEET"],
    ["PAYMENT_ADDRESSES", "PAYMENT_ADDRESS"],
    ["PAYMENT_BALANCES", "PAYMENT_BALANCE"],
    ["CRM_COMPANIES", "CRM_COMPANY"],
    ["CRM_ACTIVITIES", "CRM_ACTIVITY"],
    ["ECOMMERCE_PRODUCTS", "ECOMMERCE_PRODUCT"],
  ])("are %s in v3 and %s in v4, both ways", (plural, singular) => {
    expect(singularOf(plural)).toBe(singular);
    expect(pluralOf(singular)).toBe(plural);
  });

  it("are refused in the other version's form and when there is no such model", () => {
    expect(pluralOf("ACCOUNTS")).toBeUndefined();
    expect(categoryOf("ACCOUNT")).toBeUndefined();
    expect(pluralOf("THING")).toBeUndefined();
  });

  it("tell a model's category", () => {
    const models = ["LINE_ITEMS", "PAYMENT_LINE_ITEMS", "ECOMMERCE_LINE_ITEMS", "CRM_USERS"];
    expect(models.map(categoryOf)).toEqual(["ACCOUNTING", "PAYMENTS", "ECOMMERCE", "CRM"]);
  });
});
