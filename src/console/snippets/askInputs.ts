import * as vscode from 'vscode'
import type { Snippet, SnippetInput } from '../workspaceFile/snippet.ts'

/**
 * Asks for the inputs of a snippet, one after the other, except those that are given.
 * @returns their values by name; undefined when the user gave up
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
      snippet,
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
    return vscode.window.showQuickPick(items, { title, placeHolder: prompt, ignoreFocusOut: true })
  }
  return vscode.window.showInputBox({
    title,
    prompt,
    value: input.default ?? '',
    password: input.secret ?? false,
    ignoreFocusOut: true,
  })
}
