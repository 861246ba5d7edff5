import * as vscode from 'vscode'
import { targetOfNodes } from '../send/runTarget.ts'
import type { Sending } from '../send/sending.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Run Command…", from the palette, a row of the tree, or with arguments of a keybinding. */
export function runCommand(sending: Sending) {
  return async (clicked?: unknown, selected?: unknown) => {
    const title = vscode.l10n.t('Run Command')
    const nodes = chosenNodes(clicked, selected)
    if (nodes !== undefined) return sending.ask(targetOfNodes(nodes, vscode.l10n.t) ?? {}, title)
    return sending.withArguments(clicked, title)
  }
}
