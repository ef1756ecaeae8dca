// Ids of the RootFi sandbox in the form of v4: made from a label, so that the same seed gives the same ones.
import { createHash } from "node:crypto";

/** A version 4 UUID by its looks. */
export function uuidOf(label: string): string {
  const hex = createHash("sha256").update(label).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
