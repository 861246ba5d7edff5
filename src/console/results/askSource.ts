import * as vscode from 'vscode'
import { readColumn } from '../../answers/column.ts'
import { columnReader, isOutputColumn } from '../../answers/columnValues.ts'
import { messageOf } from '../text/messageOf.ts'

/** What a person may write to name values of an output. */
export type Source = 'capture' | 'key' | 'json'

/**
 * Asks where in the output a value is.
 * @returns what is valid; undefined when the user cancelled
 */
export async function askSource(source: Source): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Value in the Output'),
    ...{ prompt: prompts()[source], placeHolder: examples[source], ignoreFocusOut: true },
    validateInput: (value) => (value === '' ? undefined : problemOf(`${source}:${value}`)),
  })
}

function problemOf(text: string): string | undefined {
  try {
    columnReader([readColumn(text)].filter(isOutputColumn))
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

const examples = { capture: String.raw`up (\d+) days`, key: 'state', json: 'disks[0].free' }

const prompts = (): Record<Source, string> => ({
  capture: vscode.l10n.t(
    'Regular expression with the value in parentheses; the first line that matches counts',
  ),
  key: vscode.l10n.t('Name of a key, as in key=value or key: value'),
  json: vscode.l10n.t('Path in the JSON of the output'),
})
