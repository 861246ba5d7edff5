import { inEnglish, type Translate } from './translate.ts'

/**
 * Text for people that logs hold in English and the console shows in the language of the editor: English with the places
 * `{0}`, `{1}` …, and what goes into them. The English is the key of a translation (`l10n/`): it stands in the sources as one string.
 */
export interface Localizable {
  readonly text: string
  readonly args: readonly Argument[]
}

/** A part that is itself translated, as in "queue {0} ({1})", is a `Localizable`. */
export type Argument = string | number | Localizable

/** @param text a string literal: `npm run strings` collects it for translators */
export function say(text: string, ...args: readonly Argument[]): Localizable {
  return { text, args }
}

/** Text from elsewhere (an agent's reason, an error of Node), which is not translated. */
export function verbatim(text: string): Localizable {
  return { text: '{0}', args: [text] }
}

/** Several parts, as in "a, b, c". At least one. */
export function listOf(parts: readonly Localizable[]): Localizable {
  return parts.reduce((list, part) => say('{0}, {1}', list, part))
}

export function localize({ text, args }: Localizable, translate: Translate): string {
  const values = args.map((argument) =>
    typeof argument === 'object' ? localize(argument, translate) : argument,
  )
  return translate(text, ...values)
}

/** An error whose sentence can be translated; `message` has it in English. */
export class LocalizableError extends Error {
  readonly localizable: Localizable

  constructor(localizable: Localizable, options?: ErrorOptions) {
    super(localize(localizable, inEnglish), options)
    this.localizable = localizable
  }
}

/** The sentence of an error. Errors that are not ours, and anything else that was thrown, are quoted as they are. */
export function sentenceOf(error: unknown): Localizable {
  if (error instanceof LocalizableError) return error.localizable
  return verbatim(error instanceof Error ? error.message : String(error))
}
