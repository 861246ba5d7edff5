import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { KnownAgent } from '../../master/fleet/inventory.ts'
import type { Translate } from '../../text/translate.ts'
import type { TreeNode } from '../environments/treeNode.ts'

/** Whom a command is meant for, as far as the user has said by where they started it. */
export interface RunTarget {
  readonly environment: DeclaredEnvironment
  /** Filter text; absent when the user has still to say whom, since nothing ever means everyone. */
  readonly filter?: string
  /** Only these agents, of those that the filter selects. */
  readonly targets?: readonly string[]
}

/**
 * What is meant by the selected rows of the tree.
 * @throws Error in words when they are of several environments
 */
export function targetOfNodes(nodes: readonly TreeNode[], t: Translate): RunTarget | undefined {
  const [first] = nodes
  if (first === undefined) return undefined
  const environment = first.declared
  const others = new Set(nodes.map((node) => node.declared.environment.name))
  if (nodes.some((node) => node.declared.key !== environment.key)) {
    throw new Error(
      t('The selection spans several environments ({0}). A run goes to one of them.', [...others].join(', ')),
    )
  }
  if (nodes.some((node) => node.kind === 'environment' || node.kind === 'notice')) return { environment }
  const agents = new Map(nodes.flatMap(agentsOf).map((agent) => [agent.agentId, agent]))
  return { environment, filter: '*', targets: [...agents.keys()] }
}

function agentsOf(node: TreeNode): readonly KnownAgent[] {
  if (node.kind === 'group') return node.agents
  return node.kind === 'agent' || node.kind === 'fact' ? [node.agent] : []
}
