// The vendor's words for when a sync runs by itself, in one table for both directions.
import { ScheduleFrequency } from "../../domain/definition.ts";
import { vendorWords } from "../../wire/vendor-words.ts";

/** `custom` and `builder` give each part of a cron schedule in a field of its own; `multi` is left over from bulk syncs. */
const WORDS: readonly (readonly [string, ScheduleFrequency])[] = [
  ["manual", ScheduleFrequency.Manual],
  ["continuous", ScheduleFrequency.Continuous],
  ["hourly", ScheduleFrequency.Hourly],
  ["daily", ScheduleFrequency.Daily],
  ["weekly", ScheduleFrequency.Weekly],
  ["custom", ScheduleFrequency.Cron],
  ["builder", ScheduleFrequency.Cron],
  ["runafter", ScheduleFrequency.AfterRun],
  ["dbtcloud", ScheduleFrequency.External],
];
const FREQUENCY = vendorWords(WORDS);

export const frequencyOf = (word: string | null): ScheduleFrequency => FREQUENCY.of(word) ?? ScheduleFrequency.Unknown;

/** The vendor's words that mean this frequency, the usual one first; none when the vendor has no such schedule. */
export const wordsFor = (frequency: ScheduleFrequency): readonly string[] =>
  WORDS.filter(([, meant]) => meant === frequency).map(([word]) => word);

/** All frequencies that the vendor has a word for. */
export const FREQUENCIES: readonly ScheduleFrequency[] = [...new Set(WORDS.map(([, meant]) => meant))];
