// The vendor's words for when a sync runs by itself, in one table for both directions.
import { ScheduleFrequency } from "../../domain/definition.ts";

/** `custom` and `builder` give each part of a cron schedule in a field of its own; `multi` is left over from bulk syncs. */
const FREQUENCY: ReadonlyMap<string, ScheduleFrequency> = new Map([
  ["manual", ScheduleFrequency.Manual],
  ["continuous", ScheduleFrequency.Continuous],
  ["hourly", ScheduleFrequency.Hourly],
  ["daily", ScheduleFrequency.Daily],
  ["weekly", ScheduleFrequency.Weekly],
  ["custom", ScheduleFrequency.Cron],
  ["builder", ScheduleFrequency.Cron],
  ["runafter", ScheduleFrequency.AfterRun],
  ["dbtcloud", ScheduleFrequency.External],
]);

export const frequencyOf = (word: string | null): ScheduleFrequency =>
  FREQUENCY.get(word ?? "") ?? ScheduleFrequency.Unknown;

/** The vendor's words that mean this frequency, the usual one first; none when the vendor has no such schedule. */
export const wordsFor = (frequency: ScheduleFrequency): readonly string[] =>
  [...FREQUENCY].filter(([, meant]) => meant === frequency).map(([word]) => word);

/** All frequencies that the vendor has a word for. */
export const FREQUENCIES: readonly ScheduleFrequency[] = [...new Set(FREQUENCY.values())];
