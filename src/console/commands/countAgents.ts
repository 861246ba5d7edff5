import * as vscode from 'vscode'
import { foldHosts } from '../../hosts/hostFolding.ts'
import { targetOfNodes } from '../send/runTarget.ts'
import type { Sending } from '../send/sending.ts'
import { plainText } from '../text/plainText.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Count Agents…": how many agents a filter matches, and which. Sends nothing. */
export function countAgents(sending: Sending) {
  return async (clicked?: unknown, selected?: unknown) => {
    const title = vscode.l10n.t('Count Agents')
    const nodes = chosenNodes(clicked, selected)
    const start = nodes === undefined ? await sending.draftOf(clicked) : targetOfNodes(nodes, vscode.l10n.t)
    const reached = await sending.whoMatches(start ?? {}, title)
    if (reached === undefined) return undefined
    const { reach, environment, filter } = reached
    const copy = vscode.l10n.t('Copy Host Names')
    const sentence = vscode.l10n.t(
      '{0} of {1} agents of {2} match {3}.',
      reach.agents.length,
      reach.known,
      environment.environment.name,
      filter.text,
    )
    const hostnames = reach.agents.map(({ hostname }) => hostname)
    const names = foldHosts(hostnames)
    const chosen = await vscode.window.showInformationMessage(
      plainText(names === '' ? sentence : `${sentence} ${names}`),
      copy,
    )
    if (chosen === copy) await vscode.env.clipboard.writeText(hostnames.join('\n'))
    return reach.agents.length
  }
}
