import * as vscode from 'vscode'
import { localize, sentenceOf } from '../../text/localizable.ts'

/** What an error says, in the language of the editor. Logs take `error.message`, which is English. */
export function messageOf(error: unknown): string {
  return localize(sentenceOf(error), vscode.l10n.t)
}
