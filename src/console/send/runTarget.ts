import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { everyone } from '../../protocol/filter/writtenFilter.ts'
import type { Translate } from '../../text/translate.ts'
import type { TreeNode } from '../environments/treeNode.ts'
import type { Draft } from './runPlan.ts'

/**
 * The targets of a command that was started from these rows of the tree. The row of an environment gives no filter: the
 * user still has to choose the targets, since no filter never means every agent.
 * @throws Error when the rows are of several environments
 */
export function targetOfNodes(nodes: readonly TreeNode[], t: Translate): Draft | undefined {
  const [first] = nodes
  if (first === undefined) return undefined
  const environment = first.declared
  const others = new Set(nodes.map((node) => node.declared.environment.name))
  if (nodes.some((node) => node.declared.key !== environment.key)) {
    throw new Error(
      t(
        'The selected agents are in several environments ({0}). Select agents of one environment.',
        [...others].join(', '),
      ),
    )
  }
  if (nodes.some((node) => node.kind === 'environment' || node.kind === 'notice')) return { environment }
  const agents = new Map(nodes.flatMap(agentsOf).map((agent) => [agent.agentId, agent]))
  return { environment, filter: everyone, targets: [...agents.keys()] }
}

function agentsOf(node: TreeNode): readonly KnownAgent[] {
  if (node.kind === 'group') return node.agents
  return node.kind === 'agent' || node.kind === 'fact' ? [node.agent] : []
}
