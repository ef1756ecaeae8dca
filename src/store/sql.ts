// SQL as a value: text with its parameters apart, so that nothing a caller gives ever becomes text. Knows no database.

/** What can be bound. Dates are bound as epoch milliseconds by whoever has them. */
export type Bound = string | number | boolean | null | readonly string[];

/** A piece of a statement. There is one more text than there are values; a value stands between two texts. */
export interface Sql {
  readonly texts: readonly string[];
  readonly values: readonly Bound[];
}

/** Template tag: a piece put in becomes part of the text, anything else becomes a bound parameter. */
export function sql(strings: TemplateStringsArray, ...inserted: readonly (Bound | Sql)[]): Sql {
  const texts: string[] = [strings[0] ?? ""];
  const values: Bound[] = [];
  const extend = (text: string): void => {
    texts[texts.length - 1] += text;
  };
  inserted.forEach((item, index) => {
    if (isSql(item)) {
      extend(item.texts[0] ?? "");
      texts.push(...item.texts.slice(1));
      values.push(...item.values);
    } else {
      values.push(item);
      texts.push("");
    }
    extend(strings[index + 1] ?? "");
  });
  return { texts, values };
}

/** Text as it is. Only for what this folder itself writes: table names, column names, operators. */
export const verbatim = (text: string): Sql => ({ texts: [text], values: [] });

/** A name of the schema, quoted. */
export const identifier = (name: string): Sql => verbatim(`"${name}"`);

export function join(pieces: readonly Sql[], separator: string): Sql {
  return pieces.reduce(
    (whole, piece, index) => (index === 0 ? piece : sql`${whole}${verbatim(separator)}${piece}`),
    verbatim(""),
  );
}

export const identifiers = (names: readonly string[]): Sql => join(names.map(identifier), ", ");

export interface Statement {
  readonly text: string;
  readonly parameters: readonly Bound[];
}

/** @param placeholder how the database writes its nth parameter, counted from 1 */
export function render(query: Sql, placeholder: (position: number) => string): Statement {
  const text = query.texts.reduce((whole, part, index) => whole + placeholder(index) + part);
  return { text, parameters: query.values.map(storableValue) };
}

/** JSON that both databases take: PostgreSQL refuses NUL characters and halves of surrogate pairs, so they become U+FFFD. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  return /\\u(?:0000|d[89a-f])/iu.test(text) ? JSON.stringify(cleaned(JSON.parse(text))) : text;
}

function storableText(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, "\uFFFD").replaceAll("\u0000", "\uFFFD");
}

function storableValue(value: Bound): Bound {
  if (typeof value === "string") return storableText(value);
  return typeof value === "object" && value !== null ? value.map(storableText) : value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), cleaned(item)]));
}

function isSql(item: Bound | Sql): item is Sql {
  return typeof item === "object" && item !== null && "texts" in item;
}
