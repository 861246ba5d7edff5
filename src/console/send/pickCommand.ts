import * as vscode from 'vscode'
import { oneLine } from '../../text/oneLine.ts'
import { plainText } from '../text/plainText.ts'
import type { FoundSnippet } from './snippets.ts'
import { type Place, type StepEnd, showPickStep } from './step.ts'

/** The result of the command step. */
export type PickedCommand =
  | { readonly kind: 'shell'; readonly command: string }
  | { readonly kind: 'snippet'; readonly snippet: FoundSnippet }

interface CommandItem extends vscode.QuickPickItem {
  readonly outcome?: PickedCommand
}

/** Asks for a shell command: typed, one of those sent before, or a snippet of the workspace. */
export function pickCommand(
  options: Place & {
    readonly value?: string
    readonly onText?: (text: string) => void
    /** Latest first. */
    readonly recent: readonly string[]
    readonly snippets: readonly FoundSnippet[]
  },
): Promise<StepEnd<PickedCommand>> {
  const { recent, snippets, ...place } = options
  return showPickStep<CommandItem, PickedCommand>({
    ...place,
    placeholder: vscode.l10n.t('Shell command'),
    itemsFor: (text) => itemsFor(text.trim(), recent, snippets),
    take: ({ outcome }) => (outcome === undefined ? { kind: 'stay' } : { kind: 'done', value: outcome }),
  })
}

function itemsFor(
  typed: string,
  recent: readonly string[],
  snippets: readonly FoundSnippet[],
): CommandItem[] {
  const wanted = typed.toLowerCase()
  const commands = recent.filter((command) => command !== typed && command.toLowerCase().includes(wanted))
  const named = snippets.filter(({ name, declaration }) =>
    `${name} ${declaration.command ?? ''}`.toLowerCase().includes(wanted),
  )
  const items: CommandItem[] = []
  if (typed !== '') {
    items.push({ label: `$(terminal) ${plainText(typed)}`, outcome: { kind: 'shell', command: typed } })
  }
  if (named.length > 0) {
    items.push({ label: vscode.l10n.t('Snippets'), kind: vscode.QuickPickItemKind.Separator })
    for (const snippet of named) {
      const { description, command, script, file } = snippet.declaration
      items.push({
        label: `$(symbol-snippet) ${plainText(snippet.name)}`,
        description: plainText(description ?? oneLine(command ?? script ?? file ?? '')),
        outcome: { kind: 'snippet', snippet },
      })
    }
  }
  if (commands.length > 0) {
    items.push({ label: vscode.l10n.t('Sent earlier'), kind: vscode.QuickPickItemKind.Separator })
    for (const command of commands.slice(0, 50)) {
      items.push({ label: `$(history) ${plainText(oneLine(command))}`, outcome: { kind: 'shell', command } })
    }
  }
  return items
}
