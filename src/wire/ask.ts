// One call: a request, its answer, and the reader that understands it. The client is `http-client.ts`'s, the reader the provider's.
import type { HttpClient, HttpRequest } from "./http-client.ts";
import type { ReplySource } from "./read-reply.ts";

/** Reads the body of a 2xx answer, or throws `badResponse(source, ...)`. */
export type ReplyReader<Reply> = (body: unknown, source: ReplySource) => Reply;

/** Sends a request and reads its answer. Throws `ProviderError` and nothing else, as long as the reader does. */
export type Ask = <Reply>(request: HttpRequest, read: ReplyReader<Reply>) => Promise<Reply>;

/** @param provider key of the configured provider, for errors */
export function createAsk(http: HttpClient, provider: string): Ask {
  return async (request, read) => {
    const { body, status } = await http.request(request);
    return read(body, { provider, request: `${request.method} ${request.path}`, httpStatus: status });
  };
}
