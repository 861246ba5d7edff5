import * as vscode from 'vscode'
import { type Localizable, localize, sentenceOf } from '../../text/localizable.ts'

/** What an error says, in the language of the editor. Logs take `error.message`, which is English. */
export function messageOf(error: unknown): string {
  return translated(sentenceOf(error))
}

/** A sentence in the language of the editor. */
export function translated(sentence: Localizable): string {
  return localize(sentence, vscode.l10n.t)
}
