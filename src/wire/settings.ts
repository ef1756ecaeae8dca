// Settings of a provider that its vendor does not have. A misspelt one would otherwise do nothing without a word.
import type { ProviderSettings, SettingsProblem } from "../domain/provider-port.ts";

interface KnownSettings {
  readonly credentials: readonly string[];
  readonly options: readonly string[];
}

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
