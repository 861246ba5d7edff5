import * as vscode from 'vscode'
import { unexpectedSentence } from '../../report/unexpectedSentence.ts'
import { localize } from '../../text/localizable.ts'
import { plainText } from '../text/plainText.ts'
import type { ShownRun } from './shownRun.ts'

/** Tells of the first agents that execute a run's command unexpectedly, at once and whatever else is on the screen. */
export function tellUnexpected(run: ShownRun, environment: string): void {
  const tell = () => {
    const sentence = unexpectedSentence(run.state)
    if (sentence === undefined) return
    stop()
    void vscode.window.showErrorMessage(plainText(`${environment}: ${localize(sentence, vscode.l10n.t)}`))
  }
  const stop = run.onChange(tell)
  tell()
}
