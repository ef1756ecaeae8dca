// Schemas for fields the gateway can do without: absent stays absent, a wrong type becomes null. Needed fields are the provider's to name.
import { z } from "zod";
import { timeOrDayOf } from "./times.ts";

export const looseText = z.string().nullish().catch(null);
export const looseFlag = z.boolean().nullish().catch(null);
/** A whole number, never negative. */
export const looseCount = z.int().nonnegative().nullish().catch(null);
/** As `timeOrDayOf` reads it. */
export const looseTime = z.string().transform(timeOrDayOf).nullish().catch(null);
