// The data models that the RootFi sandbox knows: one table with the category, the name in v3 (plural) and the name in v4 (singular).

export type Category = "ACCOUNTING" | "PAYMENTS" | "CRM" | "ECOMMERCE" | "CUSTOM";

interface DataModel {
  readonly category: Category;
  readonly plural: string;
  readonly singular: string;
}

const DATA_MODELS: readonly DataModel[] = [
  ...named(
    "ACCOUNTING",
    "",
    `ACCOUNTS BANK_ACCOUNTS BILLS BILL_PAYMENTS COMPANY_INFO CONTACTS BILL_CREDIT_NOTES INVOICE_CREDIT_NOTES DOCUMENTS EXPENSES
    INVOICES INVOICE_PAYMENTS ITEMS LINE_ITEMS TAX_RATES JOURNAL_ENTRIES BANK_TRANSACTIONS JOURNAL_LINES PURCHASE_ORDERS
    SALES_ORDERS PHONE_NUMBERS ADDRESSES EXTERNAL_LINKS CONTACT_PERSONS INCOME_STATEMENT BALANCE_SHEET TRACKING_CATEGORIES
    CASH_FLOW_STATEMENT CURRENCIES`,
  ),
  ...named(
    "PAYMENTS",
    "PAYMENT_",
    `CUSTOMERS INVOICES LINE_ITEMS ITEMS ORDERS TAX_RATES DISPUTES PAYMENTS REFUNDS PAYMENT_LINKS PAYOUTS ADDRESSES
    PHONE_NUMBERS EXTERNAL_LINKS TRANSACTIONS BALANCES`,
  ),
  ...named("ECOMMERCE", "ECOMMERCE_", "ORDERS CUSTOMERS PRODUCTS LINE_ITEMS"),
  ...named(
    "CRM",
    "CRM_",
    `CONTACTS COMPANIES DEALS LEADS NOTES PIPELINES STAGES ACTIVITIES TASKS USERS EXTERNAL_LINKS PHONE_NUMBERS ADDRESSES`,
  ),
];

const BY_PLURAL = new Map(DATA_MODELS.map((model) => [model.plural, model]));
const BY_SINGULAR = new Map(DATA_MODELS.map((model) => [model.singular, model]));

/** The category of a model by its name in v3; undefined when there is no such model. */
export function categoryOf(plural: string): Category | undefined {
  return BY_PLURAL.get(plural)?.category;
}

/** The name in v4 of a model by its name in v3. */
export function singularOf(plural: string): string {
  return BY_PLURAL.get(plural)?.singular ?? plural;
}

/** The name in v3 of a model by its name in v4; undefined when there is no such model. */
export function pluralOf(singular: string): string | undefined {
  return BY_SINGULAR.get(singular)?.plural;
}

function named(category: Category, prefix: string, names: string): readonly DataModel[] {
  return names.split(/\s+/u).map((name) => {
    const plural = `${prefix}${name}`;
    return { category, plural, singular: withoutPlural(plural) };
  });
}

/** English spelling: ADDRESSES, JOURNAL_ENTRIES, INVOICES; BALANCE_SHEET and COMPANY_INFO are not plural in v3 either. */
function withoutPlural(name: string): string {
  return name.replace(/SSES$/u, "SSS").replace(/IES$/u, "YS").replace(/S$/u, "");
}
