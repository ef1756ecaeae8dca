// Who is told of runs by the RootFi sandbox, and in which words: registrations of v3 and of v4 hear of the same runs.
import type { Address } from "./sandbox-deliveries.ts";
import type { EventKind, Listener } from "./sandbox-driver.ts";
import type { Hook } from "./sandbox-hooks.ts";
import type { Organisation } from "./sandbox-organisation.ts";
import { eventView } from "./sandbox-v4-views.ts";
import { completionView } from "./sandbox-views.ts";

/** All registrations for events about runs, as they are now. */
export function listenersOf(organisation: Organisation): readonly Listener[] {
  const { webhooks, hooks } = organisation;
  return [
    ...[...webhooks.keys()].flatMap((id) => listenerOfV3(organisation, id)),
    ...[...hooks.keys()].flatMap((id) => listenerOfV4(organisation, id)),
  ];
}

/** v3 knows only the end. */
function listenerOfV3({ webhooks }: Organisation, id: string): readonly Listener[] {
  // A registration may be changed or removed while an event is tried again.
  const recipient = (): Address | undefined => {
    const webhook = webhooks.get(id);
    if (webhook?.type !== "SYNC_COMPLETED") return undefined;
    return { url: webhook.url, headers: webhook.headers, signature: null };
  };
  if (recipient() === undefined) return [];
  const letter: Listener["letter"] = (run, atMs) => ({
    recipient,
    body: JSON.stringify(completionView(run, atMs)),
    tried: null,
  });
  return [{ kind: "SYNC_COMPLETED", integration: null, letter }];
}

function listenerOfV4({ hooks, log }: Organisation, id: number): readonly Listener[] {
  const found = hooks.get(id);
  const kind = kindOf(found);
  if (found === undefined || kind === undefined) return [];
  const recipient = (): Address | undefined => {
    const hook = hooks.get(id);
    return hook !== undefined && kindOf(hook) === kind ? addressOf(hook) : undefined;
  };
  const letter: Listener["letter"] = (run, atMs) => {
    const payload = eventView(kind, run, atMs);
    const tried = log.add({ hookId: id, syncId: run.uuid, payload });
    return { recipient, body: JSON.stringify(payload), tried };
  };
  return [{ kind, integration: found.integration, letter }];
}

/** The kind of event it is told; undefined when it is gone, switched off, or waits for what never happens here. */
function kindOf(hook: Hook | undefined): EventKind | undefined {
  if (hook?.enabled !== true) return undefined;
  return hook.type === "SYNC_STARTED" || hook.type === "SYNC_COMPLETED" ? hook.type : undefined;
}

function addressOf({ url, headers, signingKey, signatureHeader }: Hook): Address {
  return {
    url,
    headers: Object.fromEntries((headers ?? []).map(({ name, value }) => [name, value])),
    signature: signingKey === null ? null : { header: signatureHeader, key: signingKey },
  };
}
