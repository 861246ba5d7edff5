import * as vscode from 'vscode'
import { describeOrigin, notableEndpoint } from '../../declarations/declaredEnvironment.ts'
import { printFact } from '../../protocol/facts.ts'
import { visibleText } from '../../text/visibleText.ts'
import { openCommand } from '../declarations/originPlace.ts'
import { translated } from '../text/messageOf.ts'
import { visibleItem } from '../text/visibleItem.ts'
import { agentTroubles, countFacts, describeOpen, isTroubled } from './agentGroups.ts'
import type { Connections } from './connections.ts'
import { environmentIcon } from './environmentIcon.ts'
import { explainAgent, explainEnvironment } from './rowTooltips.ts'
import type {
  AgentNode,
  EnvironmentNode,
  ErrorNode,
  FactNode,
  GroupNode,
  NoticeNode,
  TreeNode,
} from './treeNode.ts'

/** A row as VS Code shows it. Tooltips are created on demand, for the row under the mouse: see {@link explainNode}. */
export function describeNode(
  node: TreeNode | ErrorNode,
  connections: Connections,
  isOpen: boolean,
): vscode.TreeItem {
  const item = itemOf(node, connections, isOpen)
  item.id = node.id
  return visibleItem(item)
}

/** The tooltip of a row: what its line does not show. */
export function explainNode(
  node: TreeNode | ErrorNode,
  connections: Connections,
): vscode.MarkdownString | string {
  switch (node.kind) {
    case 'environment':
      return explainEnvironment(node, connections)
    case 'agent':
      return explainAgent(node)
    case 'group':
      return visibleText(vscode.l10n.t('{0} agents where {1}', node.agents.length, nameOfGroup(node)))
    case 'fact':
      return visibleText(`${node.path.join('.')} = ${printFact(node.value)}`)
    case 'notice':
      return visibleText(node.text)
    case 'wrong':
      return visibleText(node.trouble.messages.map(translated).join('\n'))
  }
}

function itemOf(node: TreeNode | ErrorNode, connections: Connections, isOpen: boolean): vscode.TreeItem {
  switch (node.kind) {
    case 'environment':
      return environmentItem(node, connections, isOpen)
    case 'group':
      return groupItem(node)
    case 'agent':
      return agentItem(node)
    case 'fact':
      return factItem(node)
    case 'notice':
      return noticeItem(node)
    case 'wrong':
      return wrongItem(node)
  }
}

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState

function environmentItem(
  { declared }: EnvironmentNode,
  connections: Connections,
  isOpen: boolean,
): vscode.TreeItem {
  const { environment, origin } = declared
  const item = new vscode.TreeItem(environment.name, isOpen ? Expanded : Collapsed)
  item.iconPath = environmentIcon(environment)
  const state = connections.state(declared.key)
  const agents = state.kind === 'open' && state.heard ? state.master.inventory.agents() : undefined
  const live = agents?.filter((agent) => agent.state !== 'gone').length
  item.description = [
    live === undefined
      ? undefined
      : live === 1
        ? vscode.l10n.t('1 agent')
        : vscode.l10n.t('{0} agents', live),
    environment.protected ? vscode.l10n.t('protected') : undefined,
    describeOpen(agents ?? [], vscode.l10n.t),
    describeOrigin(origin, vscode.l10n.t) ?? environment.region,
    notableEndpoint(declared),
    environment.profile,
  ]
    .filter(Boolean)
    .join(' · ')
  const trouble = state.kind === 'failed' || (state.kind === 'open' && state.trouble !== undefined)
  item.contextValue = `environment ${origin.kind}${environment.protected ? ' protected' : ''}${trouble ? ' trouble' : ''}`
  item.accessibilityInformation = {
    label: `${vscode.l10n.t('Environment {0}', environment.name)}, ${item.description}`,
  }
  return item
}

function groupItem(node: GroupNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.value ?? vscode.l10n.t('without {0}', node.fact), Collapsed)
  const troubled = node.agents.filter(isTroubled).length
  item.description =
    troubled === 0
      ? String(node.agents.length)
      : vscode.l10n.t('{0}, {1} with problems', node.agents.length, troubled)
  item.iconPath = new vscode.ThemeIcon('symbol-array')
  item.contextValue = node.value === undefined ? 'group' : 'group filterable'
  item.accessibilityInformation = {
    label: vscode.l10n.t(
      '{0}: {1} agents, {2} with problems',
      nameOfGroup(node),
      node.agents.length,
      troubled,
    ),
  }
  return item
}

function agentItem({ agent }: AgentNode): vscode.TreeItem {
  const item = new vscode.TreeItem(agent.hostname, Collapsed)
  const troubles = agentTroubles(agent, Date.now(), vscode.l10n.t)
  const [icon, colour, state] = agentState(agent)
  item.iconPath = new vscode.ThemeIcon(icon, colour === undefined ? undefined : new vscode.ThemeColor(colour))
  item.description =
    troubles[0] ??
    [agent.version, agent.agentId === agent.hostname ? undefined : agent.agentId].filter(Boolean).join(' · ')
  item.contextValue = `agent ${agent.state}`
  item.accessibilityInformation = { label: [agent.hostname, state, ...troubles, agent.version].join(', ') }
  return item
}

/** Icon, colour and word for the state of an agent. Shape and word are enough without the colour. */
function agentState(agent: AgentNode['agent']): [string, string | undefined, string] {
  if (agent.hasLeft === true) return ['debug-disconnect', 'disabledForeground', vscode.l10n.t('stopped')]
  if (agent.state === 'gone') return ['debug-disconnect', 'disabledForeground', vscode.l10n.t('gone')]
  if (agent.state === 'stale')
    return ['question', 'list.warningForeground', vscode.l10n.t('not seen recently')]
  if (isTroubled(agent)) return ['warning', 'list.warningForeground', vscode.l10n.t('with problems')]
  if (agent.running.length > 0) return ['vm-running', 'charts.blue', vscode.l10n.t('running a command')]
  return ['vm-active', 'charts.green', vscode.l10n.t('live')]
}

function factItem(node: FactNode): vscode.TreeItem {
  const { value } = node
  const isNested = typeof value === 'object' && value !== null
  const item = new vscode.TreeItem(node.path.at(-1) ?? '', isNested ? Collapsed : None)
  item.description =
    isNested && !Array.isArray(value)
      ? countFacts(Object.keys(value).length, vscode.l10n.t)
      : printFact(value)
  item.iconPath = new vscode.ThemeIcon(
    Array.isArray(value) ? 'symbol-array' : isNested ? 'symbol-namespace' : 'symbol-constant',
  )
  item.contextValue = isNested ? 'fact' : 'fact filterable'
  return item
}

/** Enter or a click on one that asks for consent connects. */
function noticeItem({ text, severity, declared }: NoticeNode): vscode.TreeItem {
  const item = new vscode.TreeItem(text, None)
  if (severity === 'consent') {
    const [title, command] = [vscode.l10n.t('Connect'), 'ec2-collective.connect']
    item.command = { title, command, arguments: [declared.key] }
  }
  item.iconPath =
    severity === 'error'
      ? new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
      : new vscode.ThemeIcon(severity === 'consent' ? 'plug' : 'info')
  item.contextValue = `notice ${severity}`
  return item
}

/** Enter or a click opens its declaration. */
function wrongItem({ trouble: { name, origin, messages } }: ErrorNode): vscode.TreeItem {
  const item = new vscode.TreeItem(name, None)
  const reasons = messages.map(translated).join(' ')
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'))
  item.description = reasons
  item.contextValue = 'wrong'
  item.command = openCommand(origin)
  item.accessibilityInformation = {
    label: vscode.l10n.t('Cannot use {0} as an environment: {1}', name, reasons),
  }
  return item
}

function nameOfGroup({ fact, value }: GroupNode): string {
  return value === undefined ? vscode.l10n.t('without {0}', fact) : `${fact} = ${value}`
}
