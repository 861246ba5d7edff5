import * as vscode from 'vscode'
import type { Snippet, SnippetInput } from '../../declarations/snippet.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { plainText } from '../text/plainText.ts'

/**
 * Asks for the inputs of a snippet one by one, except the given ones.
 * @param typed what was typed the last time, and not sent
 * @param onTyped called with all that is typed, except secrets
 * @returns their values by name; undefined when the user cancelled
 */
export async function askInputs(
  { name: snippet, declaration }: Snippet,
  given: Readonly<Record<string, string>>,
  typed: Readonly<Record<string, string>>,
  onTyped: (typed: Readonly<Record<string, string>>) => void,
): Promise<Record<string, string> | undefined> {
  const inputs = Object.entries(declaration.inputs ?? {})
  const open = inputs.filter(([name]) => given[name] === undefined)
  const values: Record<string, string> = {}
  let kept = typed
  for (const [name, input] of inputs) {
    const place = vscode.l10n.t(
      '{0} ({1} of {2})',
      visibleLine(snippet),
      open.findIndex(([other]) => other === name) + 1,
      open.length,
    )
    const note = (text: string) => {
      if (input?.secret === true) return
      kept = { ...kept, [name]: text }
      onTyped(kept)
    }
    const value = given[name] ?? (await ask(name, input ?? {}, place, typed[name], note))
    if (value === undefined) return undefined
    values[name] = value
  }
  return values
}

async function ask(
  name: string,
  input: SnippetInput,
  title: string,
  typed: string | undefined,
  note: (text: string) => void,
): Promise<string | undefined> {
  const prompt = input.prompt ?? name
  const isSecret = input.secret ?? false
  const value = (isSecret ? undefined : typed) ?? input.default ?? ''
  if (input.choices !== undefined) {
    const items = [...input.choices].sort((a, b) => Number(b === value) - Number(a === value))
    const choices = items.map((choice) => ({ label: plainText(choice), choice }))
    const options = { title, placeHolder: visibleLine(prompt), ignoreFocusOut: true }
    const chosen = (await vscode.window.showQuickPick(choices, options))?.choice
    if (chosen !== undefined) note(chosen)
    return chosen
  }
  return vscode.window.showInputBox({
    title,
    prompt: plainText(prompt),
    value,
    password: isSecret,
    ignoreFocusOut: true,
    validateInput: (text) => {
      note(text)
      return undefined
    },
  })
}
