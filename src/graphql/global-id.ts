// Opaque global ids, as the Relay object identification specification asks: clients keep them, and never look inside.
import { InputError, badInput } from "./input-error.ts";

export const NodeKind = {
  Provider: "Provider",
  LinkedAccount: "LinkedAccount",
  SyncJob: "SyncJob",
  ModelSync: "ModelSync",
  Sync: "Sync",
  SyncTransition: "SyncTransition",
  Trigger: "Trigger",
} as const;
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];

/** The kinds of `SyncDefinition`. */
export const DEFINITIONS = [NodeKind.SyncJob, NodeKind.ModelSync] as const;

const KINDS: ReadonlySet<string> = new Set(Object.values(NodeKind));
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MOST_CHARACTERS = 400;

export interface GlobalId {
  readonly kind: NodeKind;
  readonly id: string;
}

export function globalIdOf(kind: NodeKind, id: string): string {
  return Buffer.from(`${kind}:${id}`, "utf8").toString("base64url");
}

/**
 * @param field name of the argument or path of the input's field, with dots
 * @throws InputError when it is no id of this schema
 */
export function parseGlobalId(globalId: string, field: string): GlobalId {
  const text = globalId.length <= MOST_CHARACTERS ? Buffer.from(globalId, "base64url").toString("utf8") : "";
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const id = text.slice(colon + 1);
  const whole = isNodeKind(kind) && globalIdOf(kind, id) === globalId && (kind === NodeKind.Provider || UUID.test(id));
  if (!whole) throw notAnId(field, "an id");
  return { kind, id };
}

/** The inner id of a global id that must be of one of these kinds. */
export function innerId(globalId: string, kinds: readonly NodeKind[], field: string): string {
  const { kind, id } = parseGlobalId(globalId, field);
  if (!kinds.includes(kind)) throw notAnId(field, `an id of a ${kinds.join(" or a ")}`, `an id of a ${kind}`);
  return id;
}

function isNodeKind(kind: string): kind is NodeKind {
  return KINDS.has(kind);
}

function notAnId(field: string, expected: string, got = "something else"): InputError {
  const message = `${field}: expected ${expected}, as a field \`id\` of this schema gives it, and got ${got}. Send ids unchanged.`;
  return new InputError(badInput(field.split("."), message));
}
