// How large an operation may be. Each number has its row in docs/graphql.md; why they are these is in docs/decisions/0024-limits.md.

export const LIMITS = {
  /** Tokens of a document. Counted while it is parsed. */
  tokens: 2_000,
  /** Levels of fields. */
  depth: 12,
  /** Levels of fields from `__schema` or `__type` on. */
  introspectionDepth: 20,
  /** How often introspection may go from a type to the types of its fields, or the like. */
  introspectionRounds: 1,
  /** Fields and fragments once every fragment stands where it is spread. */
  selections: 5_000,
  /** Fields with an alias, `__typename` too. */
  aliases: 100,
  /** Fields of an operation at its root, each as often as it is written. */
  rootFields: 30,
  /** Directives of a document. */
  directives: 20,
  /** The same field in the same place. Validation compares each with each. */
  repeats: 100,
  /** Objects that an answer can have. */
  objects: 10_000,
  /** Fields that an answer can have. */
  values: 100_000,
  /** `first` and `last`. */
  page: 100,
  /** Values of a list in arguments and variables: filters and ids. */
  listValues: 100,
  /** The same, for lists that describe a definition (its fields, filters, overrides and resources), and for the starts of `triggerSyncs`. */
  definitionValues: 1_000,
  /** Errors that an answer names: of a document, and of its variables. */
  errors: 5,
  /** Bytes of an answer's JSON. */
  answerBytes: 8 * 1024 * 1024,
} as const;
export type LimitName = keyof typeof LIMITS;
