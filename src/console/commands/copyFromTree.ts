import * as vscode from 'vscode'
import { printFact } from '../../protocol/facts.ts'
import type { ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import type { TreeNode } from '../environments/treeNode.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Copy Host Names", "Copy Agent IDs": one per line, of the selected groups and agents. */
export function copyAgents(what: 'hostname' | 'agentId') {
  return async (clicked?: unknown, selected?: unknown) => {
    const agents = (chosenNodes(clicked, selected) ?? []).flatMap(agentsOf)
    await vscode.env.clipboard.writeText([...new Set(agents.map((agent) => agent[what]))].join('\n'))
  }
}

/** "Copy Fact": in the form of a filter. */
export function copyFact() {
  return async (clicked?: unknown, selected?: unknown) => {
    const lines = (chosenNodes(clicked, selected) ?? []).flatMap((node) =>
      node.kind === 'fact' ? [`${node.path.join('.')}=${printFact(node.value)}`] : [],
    )
    await vscode.env.clipboard.writeText(lines.join('\n'))
  }
}

/** "Open Facts": all facts of an agent, as JSON. */
export function openFacts(documents: ReadOnlyDocuments) {
  return async (clicked?: unknown, selected?: unknown) => {
    for (const agent of (chosenNodes(clicked, selected) ?? []).flatMap(agentsOf).slice(0, mostDocuments)) {
      await documents.show(
        `facts/${agent.agentId}/${agent.hostname}.json`,
        JSON.stringify(agent.facts, null, 2),
      )
    }
  }
}

/** The most tabs to open at once. */
const mostDocuments = 5

function agentsOf(node: TreeNode) {
  if (node.kind === 'group') return node.agents
  return node.kind === 'agent' || node.kind === 'fact' ? [node.agent] : []
}
