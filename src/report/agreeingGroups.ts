import type { AgreeingAnswers } from '../answers/agreement.ts'
import { foldHosts } from '../hosts/hostFolding.ts'
import { inNaturalOrder } from '../hosts/naturalOrder.ts'
import type { RunState } from '../run/runState.ts'
import { countedAgents, type Group, inOrderOfImportance } from './grouping.ts'

/** Agents whose replies agree at some level, not necessarily to the byte. */
export interface AgreeingGroup extends Group {
  /** The groups of identical replies that it is made of. */
  readonly originals: readonly Group[]
  /** What its agents have in common where it is neither words nor bytes: a fact, a value, the last line. */
  readonly label?: string
}

/**
 * Joins groups of identical replies.
 * @param agreeing of the answers whose ids are the keys of the groups; groups that are in none stay as they are
 */
export function joinGroups(
  state: RunState,
  groups: readonly Group[],
  agreeing: readonly AgreeingAnswers[],
): AgreeingGroup[] {
  const byKey = new Map(groups.map((group) => [group.key, group]))
  const counted = countedAgents(state)
  const joined = agreeing.flatMap(({ key, ids }) => {
    const originals = ids.flatMap((id) => byKey.get(id) ?? [])
    for (const id of ids) byKey.delete(id)
    const [only] = originals
    if (only === undefined) return []
    return [originals.length === 1 ? { ...only, originals } : join(state, key, originals, counted)]
  })
  const alone = [...byKey.values()].map((group) => ({ ...group, originals: [group] }))
  return inOrderOfImportance(joinCancelled(state, [...joined, ...alone], counted))
}

/** Where a cancel cut an output says nothing, so cancelled replies are one group, except for those that never started. */
function joinCancelled(state: RunState, groups: readonly AgreeingGroup[], counted: number): AgreeingGroup[] {
  const cut = groups.filter((group) => group.state === 'cancelled' && group.detail === undefined)
  if (cut.length < 2) return [...groups]
  const originals = cut.flatMap((group) => group.originals)
  const others = groups.filter((group) => !cut.includes(group))
  return [...others, join(state, cancelledKey, originals, counted)]
}

const cancelledKey = JSON.stringify(['cancelled'])

/** One group of these, at least one. @param counted agents of which a majority is more than half */
export function join(
  state: RunState,
  key: string,
  originals: readonly Group[],
  counted: number,
): AgreeingGroup {
  const [first] = originals as [Group, ...Group[]]
  const hostnameOf = (agentId: string) => state.replies.get(agentId)?.hostname ?? agentId
  const agentIds = inNaturalOrder(
    originals.flatMap((group) => group.agentIds),
    hostnameOf,
  )
  return {
    ...first,
    key,
    agentIds,
    hosts: foldHosts(agentIds.map(hostnameOf)),
    representative: agentIds[0] as string,
    majority: first.isOrdinary && agentIds.length > counted / 2,
    originals,
  }
}
