// What a linked account can be read from and written to. Each of these fields is a live call to its vendor.
import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { SourceParameters } from "../../domain/schema-discovery.ts";
import type { GatewayContext } from "../context.ts";
import { InputError, badInput } from "../input-error.ts";
import { LinkedAccountType } from "../types/linked-account.ts";
import { JsonObjectScalar } from "../types/scalars.ts";
import {
  ScheduleOptionType,
  SourceFieldType,
  SourceModelType,
  SyncSourceType,
  TargetObjectDetailType,
  TargetObjectsType,
  TargetPropertyValueType,
} from "../types/schema-discovery.ts";

const live = (description: string) => ({
  nullable: true,
  description: `${description} Asks the vendor, at most 10 times in one operation; null when the provider does not tell (\`schemaDiscovery\` of its capabilities).`,
});
const PARAMETERS = {
  nullable: true,
  description:
    'Choices made so far, each a text or a list of texts by the name in `SyncSource.choices`, for example `{ "table": ["public.users"] }`.',
} as const;

@Resolver(() => LinkedAccountType)
export class SchemaDiscoveryEdges {
  @FieldResolver(() => SyncSourceType, live("What has to be chosen before it can be read."))
  source(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
    @Arg("parameters", () => JsonObjectScalar, PARAMETERS) parameters: JsonObject | null | undefined,
  ): Promise<SyncSourceType | null> {
    return liveReads.source({ providerKey, remoteId, parameters: sourceParameters(parameters) });
  }

  @FieldResolver(() => [SourceFieldType], live("The fields it can be read by."))
  sourceFields(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
    @Arg("parameters", () => JsonObjectScalar, PARAMETERS) parameters: JsonObject | null | undefined,
  ): Promise<readonly SourceFieldType[] | null> {
    return liveReads.sourceFields({ providerKey, remoteId, parameters: sourceParameters(parameters) });
  }

  @FieldResolver(() => [SourceModelType], live("The models that read from it."))
  models(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
  ): Promise<readonly SourceModelType[] | null> {
    return liveReads.models({ providerKey, remoteId });
  }

  @FieldResolver(() => TargetObjectsType, live("What it can be written to."))
  targetObjects(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
  ): Promise<TargetObjectsType | null> {
    return liveReads.targetObjects({ providerKey, remoteId });
  }

  @FieldResolver(() => TargetObjectDetailType, live("One target object with its fields."))
  targetObject(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
    @Arg("object", () => String, { description: "`TargetObject.remoteId`." }) object: string,
    @Arg("refresh", () => Boolean, {
      nullable: true,
      description: "Have the vendor ask the target system anew, which is slow. Default false.",
    })
    refresh: boolean | null | undefined,
  ): Promise<TargetObjectDetailType | null> {
    return liveReads.targetObject({ providerKey, remoteId, object, refresh: refresh ?? false });
  }

  @FieldResolver(
    () => [TargetPropertyValueType],
    live("The values that a property of a target object to be created may have."),
  )
  targetCreationValues(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey, remoteId }: LinkedAccountType,
    @Arg("property", () => String, { description: "`TargetCreationProperty.remoteId`." }) property: string,
  ): Promise<readonly TargetPropertyValueType[] | null> {
    return liveReads.creationValues({ providerKey, remoteId, property });
  }

  @FieldResolver(
    () => [ScheduleOptionType],
    live("The kinds of schedule on offer, the same for all linked accounts of a provider."),
  )
  scheduleOptions(
    @Ctx() { liveReads }: GatewayContext,
    @Root() { providerKey }: LinkedAccountType,
  ): Promise<readonly ScheduleOptionType[] | null> {
    return liveReads.scheduleOptions({ providerKey });
  }
}

/** @throws InputError when a choice is neither a text nor a list of texts */
function sourceParameters(given: JsonObject | null | undefined): SourceParameters {
  return Object.fromEntries(Object.entries(given ?? {}).map(([name, value]) => [name, textsOf(name, value)]));
}

function textsOf(name: string, value: JsonValue): readonly string[] {
  const values = isList(value) ? value : [value];
  const texts = values.filter((one) => typeof one === "string");
  if (texts.length === values.length) return texts;
  const field = ["parameters", name.slice(0, 100)];
  const message = `${field.join(".")}: expected a text or a list of texts, and got ${whatIs(value)}.`;
  throw new InputError(badInput(field, message));
}

function whatIs(value: JsonValue): string {
  if (value === null) return "null";
  if (isList(value)) return "a list with something else in it";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);
