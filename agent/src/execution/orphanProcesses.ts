import { setTimeout as sleep } from 'node:timers/promises'
import { groupsMarkedWith } from './markedProcesses.ts'
import { signalGroup } from './processGroup.ts'
import { runMark } from './runMark.ts'

/**
 * Ends what is still running of a run whose agent was killed: TERM, and KILL after `graceMs`.
 * @returns how many process groups there were
 */
export async function endOrphanProcesses(mark: string, graceMs: number): Promise<number> {
  const groups = await groupsMarkedWith(runMark, mark)
  for (const group of groups) signalGroup(group, 'SIGTERM')
  const deadline = performance.now() + graceMs
  let left = groups
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(100)
    left = await groupsMarkedWith(runMark, mark)
  }
  for (const group of left) signalGroup(group, 'SIGKILL')
  return groups.length
}
