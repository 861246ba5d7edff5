import { isVerdict } from '../protocol/verdict.ts'
import type { RunState } from '../run/runState.ts'
import { type AgreeingGroup, join } from './agreeingGroups.ts'
import { countedAgents, type Group, inOrderOfImportance } from './grouping.ts'

/**
 * Joins agents whose replies have one label, and parts those of identical replies that have not: by a fact, a value in the
 * output, the last line. Never across verdicts and exit codes. Replies that have not ended stay as they are.
 * @param labelOf undefined for replies without a label, which are a group of their own
 */
export function groupByLabel(
  state: RunState,
  groups: readonly Group[],
  labelOf: (agentId: string, group: Group) => string | undefined,
): AgreeingGroup[] {
  const joined = new Map<string, { label: string | undefined; originals: Group[] }>()
  const open: AgreeingGroup[] = []
  for (const group of groups) {
    if (!isVerdict(group.state)) {
      open.push({ ...group, originals: [group] })
      continue
    }
    for (const [label, agentIds] of byLabel(group, labelOf)) {
      const key = JSON.stringify(['label', group.state, group.detail ?? null, label ?? null])
      const same = joined.get(key) ?? { label, originals: [] }
      joined.set(key, same)
      same.originals.push({ ...group, agentIds })
    }
  }
  const answered = countedAgents(state)
  const labelled = [...joined].map(([key, { label, originals }]) => ({
    ...join(state, key, originals, answered),
    ...(label === undefined ? {} : { label }),
  }))
  return inOrderOfImportance([...labelled, ...open])
}

function byLabel(
  group: Group,
  labelOf: (agentId: string, group: Group) => string | undefined,
): Map<string | undefined, string[]> {
  const parts = new Map<string | undefined, string[]>()
  for (const agentId of group.agentIds) {
    const label = labelOf(agentId, group)
    const part = parts.get(label)
    if (part === undefined) parts.set(label, [agentId])
    else part.push(agentId)
  }
  return parts
}
