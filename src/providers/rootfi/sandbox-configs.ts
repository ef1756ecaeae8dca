// Which data models the RootFi sandbox reads by itself for each company, and how often: the organisation's sync config with what was
// changed for a company, through either version of the API.
import { MODEL_CONFIGS, type ModelConfig } from "./sandbox-data.ts";
import { type Category, categoryOf } from "./sandbox-models.ts";

/** A change of one line, by the model's name in v3. What is left out or undefined stays. */
export type ModelConfigChange = Pick<ModelConfig, "model"> & {
  readonly [Name in Exclude<keyof ModelConfig, "model" | "category">]?: ModelConfig[Name] | undefined;
};

export class ConfigBook {
  /** By company; of each, the lines of its own in the order in which they were last changed. */
  readonly #own = new Map<number, readonly ModelConfig[]>();

  /** All lines that hold for the company: the organisation's order first, then models that only the company has. */
  linesOf(companyId: number, category: Category): readonly ModelConfig[] {
    const own = this.#ownOf(companyId, category);
    const general = MODEL_CONFIGS.filter((config) => config.category === category);
    const known = new Set(general.map(({ model }) => model));
    return [
      ...general.map((line) => own.find(({ model }) => model === line.model) ?? line),
      ...own.filter(({ model }) => !known.has(model)),
    ];
  }

  /** The one line that v3 has room for under a company: the one that was changed last, or the first. */
  mainLine(companyId: number, category: Category): ModelConfig | undefined {
    return this.#ownOf(companyId, category).at(-1) ?? this.linesOf(companyId, category)[0];
  }

  enabledModels(companyId: number, category: Category): readonly string[] {
    return this.linesOf(companyId, category)
      .filter(({ enabled }) => enabled)
      .map(({ model }) => model);
  }

  /**
   * Models that a run reads which starts by itself; none means that no run starts.
   *
   * @param day counted from 0 in days of the sandbox, which are as short as its schedule
   */
  dueModels(companyId: number, category: Category, day: number): readonly string[] {
    return this.linesOf(companyId, category)
      .filter(({ enabled, frequency, interval }) => {
        const days = DAYS[frequency];
        return enabled && days !== null && day % (days * interval) === 0;
      })
      .map(({ model }) => model);
  }

  change(companyId: number, changes: readonly ModelConfigChange[]): void {
    for (const change of changes) {
      const category = categoryOf(change.model);
      if (category === undefined) continue;
      const line = this.linesOf(companyId, category).find(({ model }) => model === change.model);
      const others = (this.#own.get(companyId) ?? []).filter(({ model }) => model !== change.model);
      this.#own.set(companyId, [...others, merged(line ?? unread(change.model, category), change)]);
    }
  }

  #ownOf(companyId: number, category: Category): readonly ModelConfig[] {
    return (this.#own.get(companyId) ?? []).filter((line) => line.category === category);
  }
}

/** An hour is too short for a run here: hourly means at every start of the schedule, like daily. */
const DAYS: Readonly<Record<ModelConfig["frequency"], number | null>> = {
  HOURLY: 1,
  DAILY: 1,
  WEEKLY: 7,
  MONTHLY: 30,
  YEARLY: 365,
  NEVER: null,
};

/** A model that neither the organisation nor the company has read so far. */
function unread(model: string, category: Category): ModelConfig {
  const scopeAccess = { READ: true, CREATE: false, UPDATE: false, DELETE: false };
  return {
    category,
    model,
    enabled: false,
    interval: 1,
    frequency: "DAILY",
    syncFrom: null,
    scopeAccess,
    customFields: null,
  };
}

function merged(line: ModelConfig, change: ModelConfigChange): ModelConfig {
  return {
    ...line,
    enabled: change.enabled ?? line.enabled,
    interval: change.interval ?? line.interval,
    frequency: change.frequency ?? line.frequency,
    scopeAccess: { ...line.scopeAccess, ...change.scopeAccess },
    // Null is a value of these two.
    syncFrom: change.syncFrom === undefined ? line.syncFrom : change.syncFrom,
    customFields: change.customFields === undefined ? line.customFields : change.customFields,
  };
}
