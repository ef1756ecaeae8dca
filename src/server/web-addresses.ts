// Hosts and origins in the one spelling in which they are compared. Which of them are the gateway's is decided elsewhere.

/** What a `Host` header names. */
export interface HostName {
  /** In lower case, an international name in its ASCII form, without a dot at its end. */
  readonly name: string;
  /** Null when none is named: the one that is usual for the scheme. */
  readonly port: number | null;
}

/** What an `Origin` header names. */
export interface WebOrigin {
  readonly scheme: "http" | "https";
  readonly name: string;
  readonly port: number;
}

export const USUAL_PORT: Readonly<Record<WebOrigin["scheme"], number>> = { http: 80, https: 443 };

/** An address of IPv6, or what may be in a name: no pattern, no user, no path. */
const HOST = /^(?<name>\[[\da-f:.]+\]|[^\s[\]:/?#@\\%,*]+)(?::(?<port>\d{1,5}))?$/iu;
const ORIGIN = /^https?:\/\/(?<host>[^/?#\\]+)$/iu;

/** @returns null when the text names no host */
export function parseHost(text: string): HostName | null {
  const { name, port } = HOST.exec(text)?.groups ?? {};
  if (name === undefined || Number(port ?? 0) > 65_535 || !URL.canParse(`http://${name}/`)) return null;
  const { hostname } = new URL(`http://${name}/`);
  return { name: withoutLastDot(hostname), port: port === undefined ? null : Number(port) };
}

/** @returns the origin as browsers write it; null when the text is none, or one of another kind than a web page's */
export function canonicalOrigin(text: string): string | null {
  const host = ORIGIN.exec(text)?.groups?.["host"];
  if (host === undefined || parseHost(host) === null || !URL.canParse(text)) return null;
  return new URL(text).origin;
}

/** @returns null when it is not an origin as browsers write it */
export function parseOrigin(header: string): WebOrigin | null {
  if (canonicalOrigin(header) !== header) return null;
  const { protocol, hostname, port } = new URL(header);
  const scheme = protocol === "https:" ? "https" : "http";
  return { scheme, name: withoutLastDot(hostname), port: port === "" ? USUAL_PORT[scheme] : Number(port) };
}

/** A dot at the end says that the name is whole; it is the same name without. */
function withoutLastDot(name: string): string {
  return name.replace(/\.$/u, "");
}
