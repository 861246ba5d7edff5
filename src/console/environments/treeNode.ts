import { type DeclaredEnvironment, environmentKey } from '../../declarations/declaredEnvironment.ts'
import type { UnusableDeclaration } from '../../declarations/declaredEnvironments.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import type { FactValue } from '../../protocol/facts.ts'

/**
 * A row of the Environments view. `id` is unique in the tree and stable across refreshes, so that VS Code keeps expanded
 * and selected rows, and a command finds its row after the fleet has changed.
 */
export type TreeNode = EnvironmentNode | NoticeNode | GroupNode | AgentNode | FactNode

export interface EnvironmentNode {
  readonly kind: 'environment'
  readonly id: string
  readonly declared: DeclaredEnvironment
}

/** A sentence in place of agents: that there are none, or why they could not be read. */
export interface NoticeNode {
  readonly kind: 'notice'
  readonly id: string
  readonly declared: DeclaredEnvironment
  readonly text: string
  /** `consent`: what the workspace chose, and the user has not agreed to yet. */
  readonly severity: 'info' | 'error' | 'consent'
}

export interface GroupNode {
  readonly kind: 'group'
  readonly id: string
  readonly declared: DeclaredEnvironment
  /** The fact's path, dotted. */
  readonly fact: string
  readonly value: string | undefined
  readonly agents: readonly KnownAgent[]
}

export interface AgentNode {
  readonly kind: 'agent'
  readonly id: string
  readonly declared: DeclaredEnvironment
  readonly agent: KnownAgent
}

export interface FactNode {
  readonly kind: 'fact'
  readonly id: string
  readonly declared: DeclaredEnvironment
  readonly agent: KnownAgent
  readonly path: readonly string[]
  readonly value: FactValue
}

/** A declaration that cannot be used as an environment. No command applies to it: the user has to fix it. */
export interface ErrorNode {
  readonly kind: 'wrong'
  readonly id: string
  readonly trouble: UnusableDeclaration
}

export function errorNode(trouble: UnusableDeclaration, index: number): ErrorNode {
  return { kind: 'wrong', id: `wrong/${index}/${environmentKey(trouble.origin, trouble.name)}`, trouble }
}

export function environmentNode(declared: DeclaredEnvironment): EnvironmentNode {
  return { kind: 'environment', id: declared.key, declared }
}

export function agentNodes(
  { id, declared }: EnvironmentNode | GroupNode,
  agents: readonly KnownAgent[],
): AgentNode[] {
  return agents.map((agent) => ({ kind: 'agent', id: `${id}/${agent.agentId}`, declared, agent }))
}

/** The facts directly below `value`; maps and lists in the order in which the agent sent them. */
export function factNodes(
  parent: AgentNode | FactNode,
  value: FactValue | { readonly [key: string]: FactValue },
  path: readonly string[] = [],
): FactNode[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, child]) => ({
    kind: 'fact',
    id: `${parent.id}/${encodeURIComponent(key)}`,
    declared: parent.declared,
    agent: parent.agent,
    path: [...path, key],
    value: child,
  }))
}
