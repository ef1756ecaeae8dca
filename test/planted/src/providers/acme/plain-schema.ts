// Reads a vendor's answer with schemas that judge all of it.
import { z } from "zod";

export const answer = z.object({ data: z.array(z.unknown()), counts: z.record(z.string(), z.number()) });
