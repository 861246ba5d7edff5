import * as vscode from 'vscode'
import { printDuration } from '../../text/duration.ts'
import { type Localizable, localize } from '../../text/localizable.ts'
import { messageOf } from '../text/messageOf.ts'
import { agentTroubles, describeIdentity, describeSkew } from './agentGroups.ts'
import type { Connections } from './connections.ts'
import { asText, table } from './tooltipText.ts'
import type { AgentNode, EnvironmentNode } from './treeNode.ts'

export function explainEnvironment(
  { declared }: EnvironmentNode,
  connections: Connections,
): vscode.MarkdownString {
  const { environment } = declared
  const { commands, replies, facts } = environment.queues
  const state = connections.state(declared.key)
  const error = state.kind === 'failed' ? state.error : state.kind === 'open' ? state.trouble : undefined
  const text = new vscode.MarkdownString()
  text.appendMarkdown(`**${asText(environment.name)}**\n\n`)
  if (error !== undefined) text.appendMarkdown(`$(error) ${asText(messageOf(error))}\n\n`)
  for (const { what, why } of state.kind === 'open' ? state.master.replyFindings : [])
    text.appendMarkdown(`$(warning) ${asText(inLanguage(what))} ${asText(inLanguage(why))}\n\n`)
  text.appendMarkdown(
    table([
      [vscode.l10n.t('Region'), environment.region],
      [vscode.l10n.t('Endpoint'), environment.endpoint],
      [vscode.l10n.t('Profile'), environment.profile],
      [vscode.l10n.t('Queues'), [commands, replies, facts].join(', ')],
      [
        vscode.l10n.t('Protected'),
        environment.protected ? vscode.l10n.t('yes: you type its name before a run') : undefined,
      ],
    ]),
  )
  text.supportThemeIcons = true
  return text
}

const inLanguage = (text: Localizable) => localize(text, vscode.l10n.t)

export function explainAgent({ agent }: AgentNode): vscode.MarkdownString {
  const now = Date.now()
  const text = new vscode.MarkdownString()
  text.appendMarkdown(`**${asText(agent.hostname)}**\n\n`)
  for (const trouble of agentTroubles(agent, now, vscode.l10n.t))
    text.appendMarkdown(`$(warning) ${asText(trouble)}\n\n`)
  text.appendMarkdown(
    table([
      [vscode.l10n.t('Agent'), agent.agentId],
      [vscode.l10n.t('Version'), agent.version],
      [
        vscode.l10n.t('Last seen'),
        vscode.l10n.t('{0} ago', printDuration(Math.max(0, now - agent.lastSeenAt))),
      ],
      [vscode.l10n.t('Started'), new Date(agent.startedAt).toLocaleString()],
      [vscode.l10n.t('Clock'), describeSkew(agent.clockSkewMs, vscode.l10n.t)],
      [vscode.l10n.t('Running'), agent.running.length === 0 ? undefined : String(agent.running.length)],
      [vscode.l10n.t('Identity'), describeIdentity(agent.identity, vscode.l10n.t)],
      [vscode.l10n.t('Sender'), agent.senderId],
    ]),
  )
  text.supportThemeIcons = true
  return text
}
