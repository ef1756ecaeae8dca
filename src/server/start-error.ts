// Why the gateway cannot start although its configuration is right, in words for the person who started it.

export class StartError extends Error {
  override readonly name = "StartError";
}

/** @param cause what listening failed with */
export function cannotListen(cause: unknown, host: string, port: number): StartError {
  const code = codeOf(cause);
  const what = `port ${port} of ${host}`;
  if (code === "EADDRINUSE")
    return new StartError(`The ${what} is in use. Stop what uses it, or set PORT to another.`, { cause });
  if (code === "EACCES") return new StartError(`This user may not use ${what}. Set PORT to one above 1023.`, { cause });
  return new StartError(`The ${what} cannot be used: ${sentenceOf(cause)}. Check HOST and PORT.`, { cause });
}

/** @param url may hold a password, which is not repeated */
export function cannotOpenDatabase(cause: unknown, url: string): StartError {
  return new StartError(
    `The database ${withoutPassword(url)} cannot be opened: ${sentenceOf(cause)}. Check DATABASE_URL.`,
    { cause },
  );
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return "named by DATABASE_URL";
  const { protocol, host, pathname } = new URL(url);
  return host === "" ? `${protocol}${pathname}` : `${protocol}//${host}${pathname}`;
}

function sentenceOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  // An error made of several, one for each address that was tried, has no sentence of its own.
  return message === "" ? codeOf(cause) : message;
}

function codeOf(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "unknown reason";
}
