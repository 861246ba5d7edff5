import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { foldHosts } from '../../hosts/hostFolding.ts'
import { about } from '../command.ts'
import type { Connections } from '../environments/connections.ts'
import type { AgentNode, TreeNode } from '../environments/treeNode.ts'
import { plainText } from '../text/plainText.ts'
import { chosenNodes } from './chosenNodes.ts'

/** "Forget Proven Identities…": of the selected agents, or of all that an environment has proven. */
export function forgetIdentities(
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
  connections: Pick<Connections, 'use'>,
) {
  return async (clicked?: unknown, selected?: unknown) => {
    const { t } = vscode.l10n
    const title = t('Forget Proven Identities')
    const nodes = chosenNodes(clicked, selected)
    const declared = nodes?.[0]?.declared ?? (await ask(clicked, title))
    if (declared === undefined) return
    const agents = nodes === undefined ? undefined : agentsOf(nodes, declared)
    const { name } = declared.environment
    const sentence =
      agents === undefined
        ? t('Forget what all agents of {0} have proven?', name)
        : t(
            'Forget what these agents of {0} have proven ({1}): {2}?',
            name,
            agents.length,
            foldHosts(agents.map(({ hostname }) => hostname)),
          )
    const detail = t(
      'Do this after you have replaced the IAM role of servers, or given them other credentials. The next role that proves the identity of an instance is then believed. If you have done neither, find out first who speaks in the names of these agents.',
    )
    const yes = t('Forget')
    const answer = await vscode.window.showWarningMessage(plainText(sentence), { modal: true, detail }, yes)
    if (answer !== yes) return
    await about(declared, async () => {
      const { master } = await connections.use(declared)
      await master.letGo(agents?.map(({ agentId }) => agentId))
    })
  }
}

/** @returns undefined for all agents of the environment */
function agentsOf(
  nodes: readonly TreeNode[],
  declared: DeclaredEnvironment,
): AgentNode['agent'][] | undefined {
  const own = nodes.filter((node) => node.declared.key === declared.key)
  if (own.some(({ kind }) => kind === 'environment' || kind === 'notice')) return undefined
  const agents = own.flatMap((node) =>
    node.kind === 'agent' || node.kind === 'fact' ? [node.agent] : node.kind === 'group' ? node.agents : [],
  )
  return [...new Map(agents.map((agent) => [agent.agentId, agent])).values()]
}
