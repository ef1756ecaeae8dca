// What is wrong with settings that providers have alike, told with its path and without repeating a credential.
import type { ProviderSettings, SettingsProblem } from "../domain/provider-port.ts";
import { checkBaseUrl } from "./address-guard.ts";

/**
 * A credential goes into a header: what could end the header or hide in it is refused.
 *
 * @param expected what it is, in words: `Acme's API token`
 */
export function credentialProblems(
  { credentials }: ProviderSettings,
  name: string,
  expected: string,
): readonly SettingsProblem[] {
  const credential = credentials[name] ?? "";
  if (/^[\x21-\x7e]+$/.test(credential)) return [];
  const got = credential === "" ? "nothing" : "blanks, control characters or letters beyond ASCII";
  return [{ path: ["credentials", name], message: `expected ${expected}, got ${got}` }];
}

/**
 * Says at the start what every request would be refused for.
 *
 * @param baseUrl the address as it will be used
 * @param hint which one it should be, in words: `usually https://api.acme.example`
 */
export function addressProblems(
  { allowPrivateAddress }: ProviderSettings,
  baseUrl: string,
  hint: string,
): readonly SettingsProblem[] {
  const problem = checkBaseUrl(baseUrl, { allowPrivateAddress });
  return problem === null ? [] : [{ path: ["baseUrl"], message: `${problem} (${hint})` }];
}

interface KnownSettings {
  readonly credentials: readonly string[];
  readonly options: readonly string[];
}

/** Settings that the vendor does not have. A misspelt one would otherwise do nothing without a word. */
export function unknownSettings(
  vendor: string,
  { credentials, options }: ProviderSettings,
  known: KnownSettings,
): readonly SettingsProblem[] {
  const unknown = (given: Readonly<Record<string, string>>, place: keyof KnownSettings, what: string) =>
    Object.keys(given)
      .filter((name) => !known[place].includes(name))
      .map((name) => ({
        path: [place, name],
        message: `${vendor} has no ${what} "${name}"; expected ${known[place].join(" or ") || "none"}`,
      }));
  return [...unknown(credentials, "credentials", "credential"), ...unknown(options, "options", "option")];
}
