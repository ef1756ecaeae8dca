// Which path is answered by what. Everything that is not GraphQL fits here.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AccessPolicy } from "./access-policy.ts";
import type { GraphqlHttp } from "./graphql-http.ts";
import { refuse, type Refusal } from "./request-body.ts";
import { WEBHOOKS_PATH, type WebhooksRoute } from "./webhooks-route.ts";

export const GRAPHQL_PATH = "/graphql";

export interface RouteTools {
  /** Who may ask for pages and for GraphQL. Webhooks and health are asked for by programs, under whatever name they know. */
  readonly access: AccessPolicy;
  readonly graphql: GraphqlHttp;
  /** Left out, no webhooks come in. */
  readonly webhooks?: WebhooksRoute;
  /** Null when it can serve; otherwise why it cannot. */
  readonly notReady: () => Promise<string | null>;
  readonly reportDefect: (error: unknown) => void;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export function createRoutes({ access, graphql, webhooks, notReady, reportDefect }: RouteTools): RequestListener {
  const guards: Readonly<Record<string, (request: IncomingMessage) => Refusal | null>> = {
    [GRAPHQL_PATH]: access.refusedPage,
    "/": access.refusedHost,
  };
  const answers: Readonly<Record<string, Answer>> = {
    [GRAPHQL_PATH]: (request, response) =>
      access.answersPreflight(request, response) ? undefined : graphql.handle(request, response),
    "/": (_, response) => text(response, 200, WELCOME),
    // The process runs and its event loop turns; nothing else is asked.
    "/livez": (_, response) => json(response, 200, { status: "ok" }),
    "/readyz": async (_, response) => {
      const reason = await notReady();
      json(
        response,
        reason === null ? 200 : 503,
        reason === null ? { status: "ok" } : { status: "unavailable", reason },
      );
    },
  };
  return (request, response) => {
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("cache-control", "no-store");
    const [path = "/"] = (request.url ?? "/").split("?");
    const isWebhook = webhooks !== undefined && path.startsWith(WEBHOOKS_PATH);
    const answer: Answer | undefined = isWebhook ? (...given) => webhooks(...given, path) : answers[path];
    if (answer === undefined)
      return refuse(response, 404, `There is nothing at this path. GraphQL is at ${GRAPHQL_PATH}.`);
    const refused = guards[path]?.(request) ?? null;
    if (refused !== null) return refuse(response, refused.status, refused.message);
    void Promise.resolve(answer(request, response)).catch((error: unknown) => {
      reportDefect(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "The gateway failed. Its log has the details.");
    });
  };
}

const WELCOME = `syncgraph: one GraphQL API over every sync provider.

GraphQL over HTTP and WebSocket: ${GRAPHQL_PATH}
Is it alive: /livez    Is it ready: /readyz
`;

function json(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(body);
}
