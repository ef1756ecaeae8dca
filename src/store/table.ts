// How a table is described once: from it come TypeORM's entity schema, the row a statement writes and the value a row becomes.
import { EntitySchema } from "typeorm";

export type ColumnType = "text" | "bigint" | "integer" | "boolean" | "json";

/** A column and the domain type it holds. */
export interface Column<T> {
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** From what the driver returns; PostgreSQL and SQLite return the same but for booleans. */
  read(stored: unknown): T;
  /** To what goes into the JSON of a statement. */
  write(value: T): unknown;
}

export type Columns = Readonly<Record<string, Column<unknown>>>;
export type RowOf<C extends Columns> = { readonly [Name in keyof C]: C[Name] extends Column<infer T> ? T : never };
/** A row as a driver returns it and as a statement takes it, by column name. */
export type StoredRow = Readonly<Record<string, unknown>>;

export interface Field {
  readonly property: string;
  readonly name: string;
  readonly column: Column<unknown>;
}

interface IndexDescription {
  readonly name: string;
  readonly properties: readonly string[];
  readonly unique?: boolean;
  readonly where?: string;
}

interface TableDescription<C extends Columns> {
  readonly name: string;
  /** Those of the primary key come first, in its order. */
  readonly columns: C;
  readonly primaryKey: readonly (keyof C & string)[];
  readonly indices?: readonly IndexDescription[];
  /** Column names that are not the property's name in snake case, where that would be a reserved word. */
  readonly names?: Readonly<Record<string, string>>;
  /** Rows belong to a run and go with it. */
  readonly partOfSync?: { readonly constraint: string };
}

/** A table whatever its columns are. */
export interface AnyTable {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Properties of the primary key. */
  readonly primaryKey: readonly string[];
  readonly indices: readonly IndexDescription[];
  /** Name of the constraint that ties rows to a run; null when nothing does. */
  readonly syncConstraint: string | null;
}

export interface Table<C extends Columns> extends AnyTable {
  readonly columns: C;
}

export function defineTable<const C extends Columns>(description: TableDescription<C>): Table<C> {
  const { name, columns, primaryKey, indices = [], names = {}, partOfSync } = description;
  const fields = Object.entries(columns).map(([property, column]) => ({
    property,
    name: names[property] ?? snakeCase(property),
    column,
  }));
  return { name, columns, fields, primaryKey, indices, syncConstraint: partOfSync?.constraint ?? null };
}

export const text = (): Column<string> => ({ type: "text", nullable: false, read: String, write: (value) => value });
/** 32 bits on PostgreSQL. What a vendor counts may be larger: the nearest is kept, instead of a row that nobody can write. */
export const whole = (): Column<number> => ({
  type: "integer",
  nullable: false,
  read: Number,
  write: (value) => Math.min(value, LARGEST_WHOLE),
});
const LARGEST_WHOLE = 2_147_483_647;
/** Ledger numbers and leases: may outgrow 32 bits. */
export const large = (): Column<number> => ({ ...whole(), type: "bigint", write: (value) => value });
export const flag = (): Column<boolean> => ({
  type: "boolean",
  nullable: false,
  read: (stored) => stored === true || stored === 1,
  write: (value) => value,
});
/** Epoch milliseconds on both databases: order and equality are exact, and no time zone is involved. */
export const time = (): Column<Date> => ({
  type: "bigint",
  nullable: false,
  read: (stored) => new Date(Number(stored)),
  write: (value) => value.getTime(),
});

/** A word of a closed set. */
export function word<const T extends string>(set: Readonly<Record<string, T>>): Column<T> {
  const words = new Map<unknown, T>(Object.values(set).map((item) => [item, item]));
  const read = (stored: unknown): T => {
    const found = words.get(stored);
    if (found === undefined)
      throw new TypeError(`store: expected one of ${[...words.values()].join(", ")}, got ${String(stored)}`);
    return found;
  };
  return { type: "text", nullable: false, read, write: (value) => value };
}

/** A nested value; never null itself. What it holds was written by this folder, so its shape is taken as known. */
export function json<T>(): Column<T> {
  return { type: "json", nullable: false, read: (stored) => JSON.parse(String(stored)) as T, write: (value) => value };
}

export function nullable<T>(column: Column<T>): Column<T | null> {
  return {
    type: column.type,
    nullable: true,
    read: (stored) => (stored === null || stored === undefined ? null : column.read(stored)),
    write: (value) => (value === null ? null : column.write(value)),
  };
}

export function encodeRow<C extends Columns>(table: Table<C>, row: RowOf<C>): StoredRow {
  const values: Readonly<Record<string, unknown>> = row;
  return Object.fromEntries(table.fields.map((field) => [field.name, field.column.write(values[field.property])]));
}

export function decodeRow<C extends Columns>(table: Table<C>, stored: StoredRow): RowOf<C> {
  const entries = table.fields.map((field) => [field.property, field.column.read(stored[field.name])]);
  // The fields are made from the columns, each with its own reader: the shape is right by construction, which types cannot see.
  return Object.fromEntries(entries) as RowOf<C>;
}

export function rowsByColumn(rows: readonly StoredRow[], column: string): ReadonlyMap<string, readonly StoredRow[]> {
  const groups = new Map<string, StoredRow[]>();
  for (const row of rows) {
    const key = String(row[column]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** What TypeORM's command line and its schema comparison know of the table. */
export function entitySchemaOf(table: AnyTable, database: "sqlite" | "postgres"): EntitySchema {
  const columns = table.fields.map(({ property, name, column }) => {
    const type = column.type === "json" ? (database === "postgres" ? "jsonb" : "text") : column.type;
    // Byte order, as SQLite has it, whatever the database's own collation is.
    const collation = database === "postgres" && type === "text" ? { collation: "C" } : {};
    const primary = table.primaryKey.includes(property);
    return [
      property,
      {
        name,
        type,
        nullable: column.nullable,
        ...collation,
        ...(primary ? { primary, primaryKeyConstraintName: `${table.name}_key` } : {}),
      },
    ] as const;
  });
  return new EntitySchema({
    name: table.name,
    tableName: table.name,
    columns: Object.fromEntries(columns),
    indices: table.indices.map(({ properties, ...index }) => ({ ...index, columns: [...properties] })),
    ...(table.syncConstraint === null ? {} : { foreignKeys: [referenceToSync(table.syncConstraint)] }),
  });
}

function referenceToSync(constraint: string) {
  return {
    name: constraint,
    target: "sync",
    columnNames: ["tenantId", "syncId"],
    referencedColumnNames: ["tenantId", "id"],
    onDelete: "CASCADE" as const,
  };
}

function snakeCase(property: string): string {
  return property.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
