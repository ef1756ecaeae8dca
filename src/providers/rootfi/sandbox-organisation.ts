// What the routes of the RootFi sandbox work on, v3's and v4's alike: one organisation with its companies, runs and registrations.
import { ConfigBook, type ModelConfigChange } from "./sandbox-configs.ts";
import { COMPANIES, type CompanySeed } from "./sandbox-data.ts";
import { DeliveryLog, type Hook } from "./sandbox-hooks.ts";
import { Refusal, notFound } from "./sandbox-http.ts";
import { categoryOf } from "./sandbox-models.ts";
import { RunBook } from "./sandbox-runs.ts";

/** A company as it is now: the made-up one with what callers changed. Its sync config is in the book of configs. */
export interface Company {
  readonly seed: CompanySeed;
  readonly name: string;
  readonly partnerId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly deleted: boolean;
}

/** A webhook's registration as v3 shows it, the headers in clear. */
export interface Webhook extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly type: "DATA_MODEL_CHANGES" | "CONNECTION_CHANGED" | "SYNC_COMPLETED";
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Organisation {
  readonly book: RunBook;
  readonly configs: ConfigBook;
  /** By id, in rising order; deleted ones stay. */
  readonly companies: Map<number, Company>;
  /** Registrations made through v3; each version shows its own. */
  readonly webhooks: Map<string, Webhook>;
  /** Registrations made through v4. */
  readonly hooks: Map<number, Hook>;
  /** What was sent to the latter. */
  readonly log: DeliveryLog;
}

export function newOrganisation(
  options: { readonly seed: number; readonly speed: number },
  nowMs: number,
): Organisation {
  const companies = new Map(
    COMPANIES.map((seed, place): [number, Company] => {
      const createdAtMs = nowMs - (120 - place * 7) * 24 * 3_600_000;
      const { name, partnerId } = seed;
      return [seed.id, { seed, name, partnerId, createdAtMs, updatedAtMs: createdAtMs, deleted: false }];
    }),
  );
  const configs = new ConfigBook();
  const book = new RunBook(options, nowMs, (companyId, { category }, place) =>
    companies.get(companyId)?.deleted === true ? [] : configs.dueModels(companyId, category, place),
  );
  return { book, configs, companies, webhooks: new Map(), hooks: new Map(), log: new DeliveryLog(options.seed) };
}

/** Throws the vendor's 404 when there is no such company, or no longer. */
export function liveCompany(companies: ReadonlyMap<number, Company>, id: number, field: string): Company {
  const company = companies.get(id);
  if (company === undefined || company.deleted) throw notFound("Company", field);
  return company;
}

/** Changes the company's sync config. Throws when a model is not of the given categories. */
export function changeConfigs(
  { book, configs, companies }: Organisation,
  company: Company,
  changes: readonly ModelConfigChange[],
  connections: CompanySeed["connections"],
): void {
  const foreign = changes.find(({ model }) => connections.every(({ category }) => category !== categoryOf(model)));
  if (foreign !== undefined) {
    throw new Refusal(400, "bad-request", "Data model is not available for this company", "data_model");
  }
  const nowMs = Date.now();
  // Runs whose time came before the change still go by what was set then.
  book.all(nowMs);
  configs.change(company.seed.id, changes);
  companies.set(company.seed.id, { ...company, updatedAtMs: nowMs });
}
