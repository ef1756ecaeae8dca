// Keeps outgoing requests off addresses that are none of a vendor's business, in the setting and again at each connect.
import { lookup as systemLookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Which resolved addresses may be connected to: `public` ones, `private` ones (plain http must not leave the house), or `any` of
 * both. Link-local, multicast and reserved addresses, and with them cloud metadata services, are never allowed.
 */
export type AddressPolicy = "public" | "private" | "any";

/** A connect was refused because of the address; nothing was sent. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

/** Resolves a name to all its addresses. */
export type ResolveAddresses = (
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/**
 * What is wrong with a provider's base URL, as a sentence that says what to write; null when nothing is. Names are judged again
 * when they are resolved.
 */
export function checkBaseUrl(url: string, rules: { readonly allowPrivateAddress: boolean }): string | null {
  // The URL parser forgives these; a setting that needs forgiving is not what somebody meant to write.
  if (/[\s\\\p{Cc}]/u.test(url)) return "expected a URL without spaces, backslashes and control characters";
  if (/[^\p{ASCII}]/u.test(url)) return "expected a host in ASCII, international names in their xn-- form";
  const parsed = URL.parse(url);
  if (parsed === null) return "expected an absolute URL such as https://api.example.com";
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:")
    return `expected https, got ${parsed.protocol.slice(0, -1)}`;
  if (parsed.username !== "" || parsed.password !== "" || url.includes("@"))
    return "expected a URL without user name and password";
  if (url.includes("#") || url.includes("?")) return "expected a URL without query and fragment";
  const kind = hostKind(parsed.hostname);
  if (kind === "forbidden") return "expected an address of a vendor, got a link-local, multicast or reserved one";
  if (kind === "private" && !rules.allowPrivateAddress)
    return "expected a public address, got a private one (allowPrivateAddress is off)";
  const plainAllowed = rules.allowPrivateAddress && kind !== "public";
  if (parsed.protocol === "http:" && !plainAllowed) return "expected https, got http to an address that is not private";
  return null;
}

/** The policy that goes with a base URL that `checkBaseUrl` let pass. */
export function addressPolicy(baseUrl: URL, allowPrivateAddress: boolean): AddressPolicy {
  if (!allowPrivateAddress) return "public";
  return baseUrl.protocol === "http:" ? "private" : "any";
}

/** Whether a policy forbids an IP address in any notation; text that is no IP address is forbidden. */
export function isAddressRefused(address: string, policy: AddressPolicy): boolean {
  const kind = ipaddr.isValid(address) ? addressKind(ipaddr.process(address)) : "forbidden";
  return kind === "forbidden" || (policy !== "any" && kind !== policy);
}

/**
 * A lookup for `net.connect` that refuses a name when any of its addresses is refused. It runs at every connect, so a name that
 * changes its mind after the check of the setting gains nothing.
 */
export function createGuardedLookup(
  policy: AddressPolicy,
  resolve: ResolveAddresses = resolveBySystem,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      const first = addresses[0];
      if (error !== null || first === undefined) {
        callback(error ?? new Error(`no address for ${hostname}`), []);
        return;
      }
      const refused = addresses.find(({ address }) => isAddressRefused(address, policy));
      if (refused !== undefined) callback(new AddressRefusedError(`${hostname} resolves to ${refused.address}`), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

type AddressKind = "public" | "private" | "forbidden";

function hostKind(hostname: string): AddressKind | "name" {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(bare)) return addressKind(ipaddr.process(bare));
  const name = bare.replace(/\.$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") ? "private" : "name";
}

const PRIVATE_RANGES: ReadonlySet<string> = new Set(["loopback", "private", "carrierGradeNat", "uniqueLocal"]);
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

function addressKind(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  const range = address.range();
  if (PRIVATE_RANGES.has(range)) return "private";
  if (address instanceof ipaddr.IPv4) return range === "unicast" ? "public" : "forbidden";
  // A NAT64 gateway (RFC 6052) passes on to the IPv4 address in the last four bytes.
  if (address.match(NAT64)) return addressKind(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return range === "unicast" && address.match(GLOBAL_UNICAST) ? "public" : "forbidden";
}

function resolveBySystem(
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
): void {
  systemLookup(hostname, { all: true }, (error, addresses) => callback(error, addresses ?? []));
}
