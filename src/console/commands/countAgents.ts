import * as vscode from 'vscode'
import { foldHosts } from '../../hosts/hostFolding.ts'
import { notFoundDetail } from '../send/runPlan.ts'
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
    const { reach, environment, request, notFound } = reached
    const { name } = environment.environment
    const { t } = vscode.l10n
    const copy = t('Copy Host Names')
    const counted =
      request.targets === undefined
        ? t(
            '{0} of {1} agents of {2} match {3}.',
            reach.agents.length,
            reach.known,
            name,
            request.filter.text,
          )
        : t(
            '{0} of {1} chosen agents of {2} are reporting.',
            reach.agents.length,
            request.targets.length,
            name,
          )
    const { name: problem, value } = notFoundDetail(notFound, t)
    const sentence = notFound.length === 0 ? counted : `${counted} ${problem}: ${value}.`
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
