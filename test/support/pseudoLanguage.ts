import { readFileSync } from 'node:fs'
import { inEnglish, type Translate } from '../../src/text/translate.ts'

const bundle: Record<string, string> = JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8'))

/** A language without Latin letters, for exactly the strings that translators are given. */
export const pseudoLanguage: Translate = (text, ...values) =>
  inEnglish(
    Object.hasOwn(bundle, text)
      ? text.replace(/\{\d+\}|[A-Za-z]/g, (part) => (part.length > 1 ? part : 'я'))
      : text,
    ...values,
  )

/** Words of a text in the pseudo-language that are still English. `data` is what stays as it is, such as names. */
export function englishIn(text: string, data: readonly string[]): string[] {
  const longestFirst = [...data].sort((a, b) => b.length - a.length)
  return longestFirst.reduce((rest, datum) => rest.replaceAll(datum, ''), text).match(/[A-Za-z’']{2,}/g) ?? []
}
