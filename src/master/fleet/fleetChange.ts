import { foldHosts } from '../../hosts/hostFolding.ts'
import type { Translate } from '../../text/translate.ts'

interface Agent {
  readonly agentId: string
  readonly hostname: string
}

/**
 * How the current targets of a run differ from its earlier ones, in a sentence.
 * @returns undefined when they are the same agents
 */
export function describeFleetChange(
  then: readonly Agent[],
  now: readonly Agent[],
  t: Translate,
): string | undefined {
  const before = new Set(then.map(({ agentId }) => agentId))
  const after = new Set(now.map(({ agentId }) => agentId))
  const added = now.filter(({ agentId }) => !before.has(agentId))
  const gone = then.filter(({ agentId }) => !after.has(agentId))
  if (added.length === 0 && gone.length === 0) return undefined
  const parts = [
    added.length > 0 ? t('{0} new: {1}', added.length, names(added)) : undefined,
    gone.length > 0 ? t('{0} gone: {1}', gone.length, names(gone)) : undefined,
  ]
  return t('The fleet has changed since then. {0}.', parts.filter(Boolean).join('; '))
}

function names(agents: readonly Agent[]): string {
  const hosts = agents.map(({ hostname }) => hostname)
  return hosts.length <= 8 ? hosts.join(', ') : foldHosts(hosts)
}
