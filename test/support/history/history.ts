// A history: what clients of gateways asked for and what they heard, as it happened. Checkers hold it against the store and the vendors.

/** What an operation is about. At its invocation what only the answer can say is empty. */
interface Values {
  trigger: {
    /** The caller's idempotency key. */
    readonly key: string;
    readonly definition: string;
    /** Runs that the answer names. */
    readonly runs: readonly string[];
  };
  read: { readonly run: string; readonly status: string | null };
  list: { readonly runs: number };
  cancel: { readonly run: string };
}
export type Action = keyof Values;

/**
 * - ok: it happened, and this is the answer
 * - fail: it did not happen and never will
 * - info: nobody knows: no answer came, or one that decides nothing
 */
export type Ending = "ok" | "fail" | "info";

/** One line of a history. */
export type HistoryEvent = {
  [Name in Action]: {
    /** Who did it. A process does one thing after the other. */
    readonly process: string;
    readonly f: Name;
    readonly type: "invoke" | Ending;
    readonly value: Values[Name];
    /** Milliseconds since 1970. */
    readonly time: number;
  };
}[Action];

/** An invocation with what became of it. */
export type Operation = {
  [Name in Action]: {
    readonly process: string;
    readonly f: Name;
    readonly type: Ending;
    /** As the ending has it; as the invocation has it when none came. */
    readonly value: Values[Name];
    readonly from: number;
    /** Null when no ending came. */
    readonly to: number | null;
  };
}[Action];
export type OperationOf<Name extends Action> = Extract<Operation, { readonly f: Name }>;

export interface History {
  readonly events: readonly HistoryEvent[];
  write(event: HistoryEvent): void;
}

export function createHistory(): History {
  const events: HistoryEvent[] = [];
  return { events, write: (event) => void events.push(event) };
}

/**
 * Pairs invocations with their endings, in the order of the invocations. What never ended is `info`.
 *
 * @throws Error for a history that no set of processes can have: a second invocation before the first one's ending, an ending of nothing
 */
export function operationsOf(events: readonly HistoryEvent[]): readonly Operation[] {
  const found: Operation[] = [];
  const open = new Map<string, { readonly place: number; readonly event: HistoryEvent }>();
  for (const event of events) {
    const begun = open.get(event.process);
    if (event.type === "invoke") {
      if (begun !== undefined) throw new Error(`${event.process} does two things at once`);
      open.set(event.process, { place: found.length, event });
      found.push(operationOf(event, "info", event.time, null));
    } else {
      if (begun?.event.f !== event.f) throw new Error(`${event.process} ends a ${event.f} it has not begun`);
      open.delete(event.process);
      found[begun.place] = operationOf(event, event.type, begun.event.time, event.time);
    }
  }
  return found;
}

export function operationsNamed<Name extends Action>(
  operations: readonly Operation[],
  name: Name,
): readonly OperationOf<Name>[] {
  return operations.filter((one): one is OperationOf<Name> => one.f === name);
}

export function groupedBy<Item, Name>(items: readonly Item[], nameOf: (item: Item) => Name): Map<Name, Item[]> {
  const groups = new Map<Name, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

function operationOf({ process, f, value }: HistoryEvent, type: Ending, from: number, to: number | null): Operation {
  // The pair of name and value stays the pair it was.
  return { process, f, value, type, from, to } as Operation;
}

/** Something that must not be. */
export interface Breach {
  /** Which checker found it. */
  readonly check:
    | "triggers"
    | "effects"
    | "stream"
    | "reads"
    | "lag"
    | "liveness"
    | "resources"
    | "visibility"
    | "store"
    | "ending";
  /** What it is about: a key, a run, a process, a subscriber. */
  readonly subject: string;
  readonly found: string;
}
