import { type Localizable, localize } from '../../src/text/localizable.ts'
import { inEnglish } from '../../src/text/translate.ts'

/** A sentence as logs have it. */
export function english(sentence: Localizable): string {
  return localize(sentence, inEnglish)
}

/** The same for what names several reasons. */
export function inWords<Told extends { readonly messages: readonly Localizable[] }>(told: readonly Told[]) {
  return told.map((each) => ({ ...each, messages: each.messages.map(english) }))
}
