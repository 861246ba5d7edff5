import * as vscode from 'vscode'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { ConsentMissing } from '../profile/workspaceConsent.ts'
import { messageOf } from '../text/messageOf.ts'
import { groupAgents } from './agentGroups.ts'
import type { ConnectionState } from './connectionState.ts'
import {
  type AgentNode,
  agentNodes,
  type EnvironmentNode,
  type GroupNode,
  type NoticeNode,
  type TreeNode,
} from './treeNode.ts'

/**
 * The rows below an environment: its agents, or their groups by `fact` (dotted; empty for no groups), or a sentence if
 * there are none.
 */
export function environmentRows(node: EnvironmentNode, state: ConnectionState, fact: string): TreeNode[] {
  if (state.kind === 'failed') return [failure(node, state.error)]
  if (state.kind !== 'open') return [notice(node, vscode.l10n.t('Connecting…'), 'info')]
  const rows = rowsOf(node, state.master.inventory.agents(), fact)
  if (state.trouble !== undefined) return [notice(node, messageOf(state.trouble), 'error'), ...rows]
  if (rows.length > 0) return rows
  if (!state.heard) return [notice(node, vscode.l10n.t('Looking for agents…'), 'info')]
  return [notice(node, vscode.l10n.t('No agent seen yet'), 'info')]
}

function rowsOf(
  node: EnvironmentNode,
  agents: readonly KnownAgent[],
  fact: string,
): (GroupNode | AgentNode)[] {
  const groups = fact === '' ? undefined : groupAgents(agents, fact)
  if (groups === undefined) return agentNodes(node, agents)
  return groups.map(({ value, agents: members }) => ({
    kind: 'group',
    id: `${node.id}/${encodeURIComponent(fact)}${value === undefined ? '' : `=${encodeURIComponent(value)}`}`,
    declared: node.declared,
    fact,
    value,
    agents: members,
  }))
}

function failure(node: EnvironmentNode, error: Error): NoticeNode {
  return notice(node, messageOf(error), error instanceof ConsentMissing ? 'consent' : 'error')
}

function notice(
  { id, declared }: EnvironmentNode,
  text: string,
  severity: NoticeNode['severity'],
): NoticeNode {
  return { kind: 'notice', id: `${id}/notice`, declared, text, severity }
}
