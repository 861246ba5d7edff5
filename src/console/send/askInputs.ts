import * as vscode from 'vscode'
import type { Snippet, SnippetInput } from '../../declarations/snippet.ts'
import { visibleLine } from '../../text/visibleText.ts'
import { plainText } from '../text/plainText.ts'
import { type StepEnd, showPickStep, showTextStep } from './step.ts'

/** What was typed for the inputs of a snippet the last time, and not sent. */
export interface TypedInputs {
  readonly typed: Readonly<Record<string, string>>
  /** Called with all that is typed, except secrets. */
  readonly onTyped: (typed: Readonly<Record<string, string>>) => void
}

/**
 * Asks for the inputs of a snippet one by one, except the given ones.
 * @param canGoBack whether the first box has a Back button, too
 * @returns their values by name
 */
export async function askInputs(
  { name: snippet, declaration }: Snippet,
  given: Readonly<Record<string, string>>,
  { typed, onTyped }: TypedInputs,
  canGoBack: boolean,
): Promise<StepEnd<Record<string, string>>> {
  const inputs = Object.entries(declaration.inputs ?? {})
  const open = inputs.filter(([name]) => given[name] === undefined)
  const values: Record<string, string> = {}
  let kept = typed
  for (let index = 0; index < open.length; ) {
    const [name, input] = open[index] as (typeof open)[number]
    const isSecret = input?.secret ?? false
    const end = await ask(name, input ?? {}, {
      title: vscode.l10n.t('{0} ({1} of {2})', visibleLine(snippet), index + 1, open.length),
      // A secret that was typed is there only as long as these boxes are.
      value: values[name] ?? (isSecret ? undefined : typed[name]) ?? input?.default ?? '',
      canGoBack: canGoBack || index > 0,
      onText: (text) => {
        values[name] = text
        if (isSecret) return
        kept = { ...kept, [name]: text }
        onTyped(kept)
      },
    })
    if (end.kind === 'given-up' || (end.kind === 'back' && index === 0)) return end
    if (end.kind === 'done') values[name] = end.value
    index += end.kind === 'back' ? -1 : 1
  }
  const all = inputs.map(([name]) => [name, given[name] ?? values[name] ?? ''])
  return { kind: 'done', value: Object.fromEntries(all) }
}

interface InputPlace {
  readonly title: string
  readonly value: string
  readonly canGoBack: boolean
  readonly onText: (text: string) => void
}

async function ask(name: string, input: SnippetInput, place: InputPlace): Promise<StepEnd<string>> {
  const prompt = input.prompt ?? name
  const { choices, secret = false } = input
  if (choices === undefined) return showTextStep({ ...place, prompt: plainText(prompt), isSecret: secret })
  const { value, onText, ...more } = place
  const inOrder = [...choices].sort((a, b) => Number(b === value) - Number(a === value))
  const items = inOrder.map((choice) => ({ label: plainText(choice), choice }))
  const end = await showPickStep({
    ...{ ...more, placeholder: visibleLine(prompt) },
    itemsFor: (text) => items.filter(({ choice }) => choice.toLowerCase().includes(text.toLowerCase())),
    take: ({ choice }) => ({ kind: 'done', value: choice }),
  })
  if (end.kind === 'done') onText(end.value)
  return end
}
