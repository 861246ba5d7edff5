import * as vscode from 'vscode'
import { compileCapture } from '../../answers/linearExpression.ts'
import { messageOf } from '../text/messageOf.ts'

/**
 * Asks for an expression that takes a value out of an output.
 * @returns a valid one; undefined when the user cancelled
 */
export async function askCapture(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Value in the Output'),
    prompt: vscode.l10n.t(
      'Regular expression with the value in parentheses; the first line that matches counts',
    ),
    placeHolder: String.raw`up (\d+) days`,
    ignoreFocusOut: true,
    validateInput: (value) => {
      try {
        if (value !== '') compileCapture(value)
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    },
  })
}
