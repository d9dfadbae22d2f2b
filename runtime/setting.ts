/** One setting: what it says of itself, and the kinds of value that more than one has. */
import { z } from 'zod';

/** What a setting says of itself, for `--help` and the README's table. */
export interface SettingWords {
  readonly description: string;
  /** Follows "must be". */
  readonly accepted: string;
  /** The default as a person reads it. */
  readonly unset: string;
  /** Its value is never shown. */
  readonly secret?: boolean;
}

/** Whether the percent signs in a URL's parts mean something: a password may hold a bare one by mistake. */
function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** A URL of these protocols that also passes `isRight`. It may hold a password, so it is a secret. */
export const url = (
  protocols: readonly string[],
  words: Omit<SettingWords, 'secret'>,
  isRight: (given: URL, text: string) => boolean = () => true,
) =>
  z
    .string()
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const given = new URL(text);
      return protocols.includes(given.protocol) && isDecodable(given) && isRight(given, text);
    })
    .optional()
    .meta({ ...words, secret: true });

export const integer = (min: number, max: number, preset: number, words: Pick<SettingWords, 'description'>) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(preset)
    .meta({ ...words, accepted: `an integer from ${min} to ${max}`, unset: String(preset) });

/** A folder or file: any text that is no blank and has no control characters, which configuration files cannot hold. */
export const path = () => z.string().regex(/^\P{Cc}*[^\s\p{Cc}]\P{Cc}*$/u);
