// Routes of the Polytomic sandbox about who is asking and what syncs can be made of: identity, connections, their sources and
// targets, models, and the lookup of any id.
import express, { type Request, type Router } from "express";
import type { Connection, Model } from "./sandbox-data.ts";
import { idFrom, iso } from "./sandbox-executions.ts";
import { badRequest, booleanOf, callerOf, notFound, textOf } from "./sandbox-http.ts";
import type { World } from "./sandbox-world.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Modes of a target: all but snapshot need to know which record is which. */
const MODES = [
  { mode: "create", label: "Create", requires_identity: true },
  { mode: "update", label: "Update", requires_identity: true },
  { mode: "updateOrCreate", label: "Update or create", requires_identity: true },
  { mode: "append", label: "Append", requires_identity: false },
  { mode: "replace", label: "Replace", requires_identity: false },
  { mode: "remove", label: "Remove", requires_identity: true },
  { mode: "snapshot", label: "Snapshot", requires_identity: false },
];

export function connectionRoutes(world: World): Router {
  const routes = express.Router();
  const { organization } = world;
  routes.get("/api/me", (request, response) => {
    const isUser = callerOf(request) === "user";
    response.json({
      data: {
        id: isUser ? organization.user.id : organization.id,
        ...(isUser ? { email: organization.email, role: "admin" } : {}),
        is_user: isUser,
        is_organization: !isUser,
        is_partner: false,
        is_system: false,
        organization_id: organization.id,
        organization_name: organization.name,
      },
    });
  });
  routes.get("/api/connections", (_request, response) => {
    response.json({ data: organization.connections.map((connection) => connectionView(connection, world)) });
  });
  routes.get("/api/connections/:id", (request, response) => {
    response.json({ data: connectionView(findConnection(world, request.params.id), world) });
  });
  routes.get("/api/models", (_request, response) => {
    response.json({ data: organization.models.map((model) => modelView(model, world)) });
  });
  routes.get("/api/models/:id", (request, response) => {
    const model = organization.models.find(({ id }) => id === request.params.id.toLowerCase());
    if (model === undefined) throw notFound("model");
    response.json({ data: modelView(model, world) });
  });
  routes.get("/api/entities/:id", (request, response) => {
    response.json({ data: { ...entityOf(world, request.params.id.toLowerCase()), organization_id: organization.id } });
  });
  // Only makers of models and exports have such jobs; there are none here, but a wrong type is told apart.
  routes.get("/api/jobs/:type/:id", (request) => {
    const types = ["createmodel", "updatemodel", "previewmodel", "samplemodel", "exportlogs"];
    throw types.includes(request.params.type)
      ? notFound("job")
      : badRequest(`unknown job type "${request.params.type}"`);
  });
  sourceRoutes(routes, world);
  targetRoutes(routes, world);
  return routes;
}

function sourceRoutes(routes: Router, world: World): void {
  routes.get("/api/connections/:id/modelsync/source", (request, response) => {
    const connection = findWith(world, request.params.id, "source");
    checkTable(request, connection);
    response.json({
      data: {
        configuration: { query: { type: "string", items: [] } },
        items: { table: { has_items: true, items: connection.objects, requires_one_of: ["query", "table"] } },
        requires_one_of: ["query", "table"],
      },
    });
  });
  routes.get("/api/connections/:id/modelsync/source/fields", (request, response) => {
    const connection = findWith(world, request.params.id, "source");
    const table = checkTable(request, connection);
    const models = world.organization.models.filter((model) => model.connectionId === connection.id);
    const fields = models
      .filter((model) => table === null || model.table === table)
      .flatMap((model) => fieldsOf(model));
    response.json({ data: fields.length === 0 ? null : fields });
  });
}

function targetRoutes(routes: Router, world: World): void {
  routes.get("/api/connections/:id/modelsync/targetobjects", (request, response) => {
    const connection = findWith(world, request.params.id, "destination");
    const modes = MODES.map(({ mode, requires_identity }) => ({
      id: mode,
      requires_identity,
      supports_per_field_mode: mode === "updateOrCreate",
      supports_target_filters: false,
    }));
    const { createsTargets } = connection;
    response.json({
      data: connection.objects.map((object) => ({ id: object, name: object, modes })),
      target_creation: createsTargets
        ? {
            supported: true,
            properties: [
              { id: "folder", title: "Folder", enum: true },
              { id: "name", title: "Name", enum: false },
            ],
          }
        : { supported: false, properties: [] },
    });
  });
  routes.get("/api/connections/:id/modelsync/targetobjects/properties/:property", (request, response) => {
    const connection = findWith(world, request.params.id, "destination");
    if (!connection.createsTargets) throw notFound("target creation");
    const { property } = request.params;
    if (property !== "folder" && property !== "name") throw notFound("target property");
    const values =
      property === "folder"
        ? [
            { label: "Finance", value: "finance" },
            { label: "Shared", value: "shared" },
          ]
        : [];
    response.json({
      data: { id: property, title: property === "folder" ? "Folder" : "Name", enum: property === "folder", values },
    });
  });
  routes.get("/api/connections/:id/modelsync/target/fields", (request, response) => {
    const connection = findWith(world, request.params.id, "destination");
    const target = textOf(request, "target");
    const refresh = booleanOf(request, "refresh") === true;
    if (target === undefined) throw badRequest("target is required");
    if (!connection.objects.includes(target)) throw notFound("target object");
    response.json({ data: targetView(world, connection, target, refresh) });
  });
}

function findConnection(world: World, id: string): Connection {
  const connection = world.organization.connections.find((one) => one.id === id.toLowerCase());
  if (connection === undefined) throw notFound("connection");
  return connection;
}

function findWith(world: World, id: string, operation: "source" | "destination"): Connection {
  const connection = findConnection(world, id);
  if (!connection.operations.includes(operation)) throw badRequest(`connection is not a ${operation}`);
  return connection;
}

/** The table a client has chosen in `params[table]`; null while it has not. */
function checkTable(request: Request, connection: Connection): string | null {
  const parameters: unknown = request.query["params"];
  if (typeof parameters !== "object" || parameters === null || !("table" in parameters)) return null;
  const chosen: unknown = Array.isArray(parameters.table) ? parameters.table[0] : parameters.table;
  if (typeof chosen !== "string" || !connection.objects.includes(chosen))
    throw badRequest("params[table]: no such table");
  return chosen;
}

function connectionView(connection: Connection, world: World): Readonly<Record<string, unknown>> {
  const { id, name, type, typeName, operations, status, statusError, configuration } = connection;
  const { user } = world.organization;
  const createdAt = iso(Date.UTC(2026, 0, 10, 8));
  return {
    id,
    name,
    organization_id: world.organization.id,
    type: { id: type, name: typeName, operations },
    configuration,
    status,
    status_error: statusError,
    saved: true,
    policies: [],
    created_at: createdAt,
    created_by: user,
    updated_at: createdAt,
    updated_by: user,
  };
}

function modelView(model: Model, world: World): Readonly<Record<string, unknown>> {
  const { id, name, connectionId, table } = model;
  const fields = fieldsOf(model);
  return {
    id,
    name,
    organization_id: world.organization.id,
    connection_id: connectionId,
    type: "table",
    configuration: { table },
    fields,
    version: 1,
  };
}

function fieldsOf(model: Model): readonly Readonly<Record<string, unknown>>[] {
  return model.fields.map((name, index) => ({
    id: idFrom(model.id, name),
    name,
    label: name.replaceAll("_", " "),
    type: "string",
    remote_type: "varchar",
    unique: index === 0,
    user_added: false,
    example: "",
  }));
}

/** A target has the fields that definitions write to it, as far as the sandbox knows. */
function targetView(
  world: World,
  connection: Connection,
  target: string,
  refresh: boolean,
): Readonly<Record<string, unknown>> {
  const writers = world.organization.syncs.filter(
    ({ body }) => body.target.connection_id === connection.id && body.target.object === target,
  );
  const names = [...new Set(["id", ...writers.flatMap(({ body }) => body.fields.map((field) => field.target))])];
  const refreshedAt = Date.now() - (refresh ? 0 : DAY_MS);
  return {
    id: target,
    name: target,
    fields: names.map((name) => ({
      id: name,
      name,
      description: "",
      type: "string",
      source_type: "string",
      required: false,
      createable: name !== "id",
      updateable: name !== "id",
      filterable: false,
      encryptable: true,
      association: false,
      supports_identity: true,
      identity_functions: [{ id: "Equality", label: "Equals" }],
    })),
    modes: MODES.map((mode) => ({
      ...mode,
      description: "",
      supports_field_sync_mode: false,
      supports_target_filters: false,
    })),
    properties: {
      does_not_report_operation_counts: false,
      supports_field_creation: true,
      target_creator: connection.createsTargets,
    },
    refreshed_at: iso(refreshedAt),
  };
}

function entityOf(world: World, id: string): Readonly<Record<string, unknown>> {
  const { organization } = world;
  const entity = (type: string, path: string, relationships = {}) => ({
    id,
    type,
    canonical_path: path,
    relationships,
    context: {},
  });
  if (organization.id === id) return entity("organization", `/api/organizations/${id}`);
  if (organization.user.id === id) return entity("user", `/api/organizations/${organization.id}/users/${id}`);
  if (organization.connections.some((connection) => connection.id === id))
    return entity("connection", `/api/connections/${id}`);
  if (organization.models.some((model) => model.id === id)) return entity("model", `/api/models/${id}`);
  if (world.syncs.has(id)) return entity("sync", `/api/syncs/${id}`);
  const syncId = world.executions.get(id)?.syncId;
  if (syncId === undefined || !world.syncs.has(syncId)) throw notFound("entity");
  return entity("sync_execution", `/api/syncs/${syncId}/executions/${id}`, {
    sync: { id: syncId, path: `/api/syncs/${syncId}` },
  });
}
