import type { AgentRow, GroupRow } from '../src/page/toPage.ts'
import { formatAgents, formatBytes, formatCount, formatDuration } from './format.ts'
import { exitText, oddities } from './rowCells.ts'
import { t } from './words.ts'

/** What is known of an agent’s reply, in words. */
export function agentFacts(agent: AgentRow): string[] {
  const { id, host, identity, durationMs, totalMs, latencyMs, bytes, droppedBytes, cut } = agent
  return [
    ...exitFact(agent),
    ...(durationMs === undefined ? [] : [t('ran {0}', formatDuration(durationMs))]),
    ...(totalMs === undefined
      ? []
      : [
          t(
            'waited {0}, total {1}',
            formatDuration(Math.max(0, totalMs - (durationMs ?? 0))),
            formatDuration(totalMs),
          ),
        ]),
    ...(latencyMs === undefined ? [] : [t('first response after {0}', formatDuration(latencyMs))]),
    ...(cut === undefined
      ? []
      : [
          cut === 'run'
            ? t('output cut: the run has more than is kept of a run')
            : t('output cut: more than one agent may write'),
        ]),
    bytesFact(bytes, droppedBytes),
    ...(identity === undefined
      ? []
      : [identity === 'proven' ? t('identity proven') : t('identity unproven')]),
    ...oddities(agent),
    ...(id === host ? [] : [id]),
  ]
}

/** What all replies of a group have in common, in words. */
export function groupFacts(group: GroupRow, isOnly: boolean): string[] {
  const { count, majority, bytes, originals } = group
  return [
    ...exitFact(group),
    formatAgents(count),
    ...(originals > 1
      ? [t('{0} different replies, one of them below', formatCount(originals))]
      : [count > 1 && bytes > 0 ? t('{0} each', bytesFact(bytes)) : bytesFact(bytes)]),
    ...(majority && !isOnly ? [t('the majority')] : []),
  ]
}

function exitFact(reply: Pick<AgentRow, 'state' | 'exitCode' | 'signal'>): string[] {
  const text = exitText(reply)
  if (text === '') return []
  return [reply.signal === undefined ? t('exit {0}', text) : text]
}

function bytesFact(bytes: number, dropped = 0): string {
  if (bytes === 0) return t('no output')
  return dropped === 0 ? formatBytes(bytes) : t('{0}, {1} dropped', formatBytes(bytes), formatBytes(dropped))
}
