import type { AgentRow, GroupRow } from '../src/page/toPage.ts'
import { formatAgents, formatBytes, formatCount, formatDuration } from './format.ts'
import { exitText, oddities } from './rowCells.ts'
import { t } from './words.ts'

/** What is known of an agent’s reply, in words. */
export function agentFacts(agent: AgentRow): string[] {
  const { id, host, identity, durationMs, latencyMs, bytes, droppedBytes } = agent
  return [
    ...exitFact(agent),
    ...(durationMs === undefined ? [] : [t('took {0}', formatDuration(durationMs))]),
    ...(latencyMs === undefined ? [] : [t('answered after {0}', formatDuration(latencyMs))]),
    bytesFact(bytes, droppedBytes),
    ...(identity === undefined
      ? []
      : [identity === 'proven' ? t('identity proven') : t('identity unproven')]),
    ...oddities(agent),
    ...(id === host ? [] : [id]),
  ]
}

/** What all replies of a group have in common, in words. */
export function groupFacts(group: GroupRow): string[] {
  const { count, majority, bytes, originals } = group
  return [
    ...exitFact(group),
    formatAgents(count),
    ...(originals > 1
      ? [t('{0} different replies, one of them below', formatCount(originals))]
      : [count > 1 ? t('{0} each', bytesFact(bytes)) : bytesFact(bytes)]),
    ...(majority ? [t('the majority')] : []),
  ]
}

function exitFact(reply: Pick<AgentRow, 'exitCode' | 'signal'>): string[] {
  const text = exitText(reply)
  if (text === '') return []
  return [reply.signal === undefined ? t('exit {0}', text) : text]
}

function bytesFact(bytes: number, dropped = 0): string {
  if (bytes === 0) return t('no output')
  return dropped === 0 ? formatBytes(bytes) : t('{0}, {1} dropped', formatBytes(bytes), formatBytes(dropped))
}
