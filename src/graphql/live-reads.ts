// What one operation may ask vendors while it is answered: a bounded number of reads, and the same one once.
import { ErrorCode, GatewayError } from "../domain/errors.ts";
import type { SchemaOperations } from "../domain/gateway-port.ts";
import type {
  PropertyValue,
  ScheduleOption,
  SchemaDiscovery,
  SourceField,
  SourceModel,
  SourceParameters,
  SyncSource,
  TargetObjectDetail,
  TargetObjects,
} from "../domain/schema-discovery.ts";
import { endOf } from "./ending-reads.ts";

/** A list of linked accounts with such a field would otherwise be a call to a vendor for each of them. */
export const MOST_LIVE_READS = 10;

interface OfProvider {
  readonly providerKey: string;
}

interface OfAccount extends OfProvider {
  /** The vendor's id of the linked account. */
  readonly remoteId: string;
}

/**
 * Null when the provider does not tell.
 *
 * @throws GatewayError `BAD_USER_INPUT` when the operation has made all the reads it may
 * @throws ProviderError
 */
type LiveRead<Question, Answer> = (question: Question) => Promise<Answer | null>;

export interface LiveReads {
  readonly source: LiveRead<OfAccount & { readonly parameters: SourceParameters }, SyncSource>;
  readonly sourceFields: LiveRead<OfAccount & { readonly parameters: SourceParameters }, readonly SourceField[]>;
  readonly models: LiveRead<OfAccount, readonly SourceModel[]>;
  readonly targetObjects: LiveRead<OfAccount, TargetObjects>;
  readonly targetObject: LiveRead<
    OfAccount & { readonly object: string; readonly refresh: boolean },
    TargetObjectDetail
  >;
  readonly creationValues: LiveRead<OfAccount & { readonly property: string }, readonly PropertyValue[]>;
  /** One answer for all linked accounts of the provider. */
  readonly scheduleOptions: LiveRead<OfProvider, readonly ScheduleOption[]>;
  /** After a change: what was read before is read anew when it is asked for. It still counts. */
  forget(): void;
}

/** @param signal ends them */
export function createLiveReads(schemas: SchemaOperations, tenantId: string, signal: AbortSignal): LiveReads {
  const options = { signal };
  let made = 0;
  const answers: Map<string, unknown>[] = [];

  function read<Question extends OfProvider, Answer>(
    ask: (discovery: SchemaDiscovery, question: Question) => Promise<Answer>,
  ): LiveRead<Question, Answer> {
    const asked = new Map<string, Promise<Answer>>();
    answers.push(asked);
    return async (question) => {
      const key = JSON.stringify(question);
      const known = asked.get(key);
      if (known !== undefined) return known;
      const ended = endOf(signal);
      if (ended !== null) throw ended;
      const discovery = schemas.discovery(tenantId, question.providerKey);
      if (discovery === null) return null;
      if (made >= MOST_LIVE_READS) throw tooMany();
      made += 1;
      const answer = ask(discovery, question);
      asked.set(key, answer);
      // A failure is given to those who wait for it and not kept for others.
      answer.catch(() => asked.delete(key));
      return answer;
    };
  }

  return {
    source: read((discovery, { remoteId, parameters }) => discovery.source(remoteId, parameters, options)),
    sourceFields: read((discovery, { remoteId, parameters }) => discovery.sourceFields(remoteId, parameters, options)),
    models: read((discovery, { remoteId }) => discovery.models(remoteId, options)),
    targetObjects: read((discovery, { remoteId }) => discovery.targetObjects(remoteId, options)),
    targetObject: read((discovery, { remoteId, object, refresh }) =>
      discovery.targetObject(remoteId, object, refresh, options),
    ),
    creationValues: read((discovery, { remoteId, property }) => discovery.creationValues(remoteId, property, options)),
    scheduleOptions: read((discovery) => discovery.scheduleOptions(options)),
    forget: () => {
      for (const asked of answers) asked.clear();
    },
  };
}

function tooMany(): GatewayError {
  const message = `An operation may ask vendors for at most ${MOST_LIVE_READS} descriptions of linked accounts, and this field would be one more. Ask about fewer at once.`;
  return new GatewayError(ErrorCode.BadUserInput, message);
}
