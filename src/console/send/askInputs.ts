import * as vscode from 'vscode'
import type { Snippet, SnippetInput } from '../../declarations/snippet.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { plainText } from '../text/plainText.ts'

/**
 * Asks for the inputs of a snippet one by one, except the given ones.
 * @returns their values by name; undefined when the user cancelled
 */
export async function askInputs(
  { name: snippet, declaration }: Snippet,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, string> | undefined> {
  const inputs = Object.entries(declaration.inputs ?? {})
  const open = inputs.filter(([name]) => given[name] === undefined)
  const values: Record<string, string> = {}
  for (const [name, input] of inputs) {
    const place = vscode.l10n.t(
      '{0} ({1} of {2})',
      visibleLine(snippet),
      open.findIndex(([other]) => other === name) + 1,
      open.length,
    )
    const value = given[name] ?? (await ask(name, input ?? {}, place))
    if (value === undefined) return undefined
    values[name] = value
  }
  return values
}

async function ask(name: string, input: SnippetInput, title: string): Promise<string | undefined> {
  const prompt = input.prompt ?? name
  if (input.choices !== undefined) {
    const items = [...input.choices].sort((a, b) => Number(b === input.default) - Number(a === input.default))
    const choices = items.map((choice) => ({ label: plainText(choice), choice }))
    const options = { title, placeHolder: visibleLine(prompt), ignoreFocusOut: true }
    return (await vscode.window.showQuickPick(choices, options))?.choice
  }
  return vscode.window.showInputBox({
    title,
    prompt: plainText(prompt),
    value: input.default ?? '',
    password: input.secret ?? false,
    ignoreFocusOut: true,
  })
}
