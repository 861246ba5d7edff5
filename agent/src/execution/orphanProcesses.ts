import { setTimeout as sleep } from 'node:timers/promises'
import { type Enclosure, terminateOthers } from './enclosure.ts'
import { groupsMarkedWith } from './markedProcesses.ts'
import { signalGroup } from './processGroup.ts'
import { runMark } from './runMark.ts'

/**
 * Ends what is still running of a run whose agent was killed: TERM, and KILL after `graceMs`.
 * @param enclosure of the run, where it had one
 * @returns whether there was anything
 */
export async function endOrphanProcesses(
  mark: string,
  graceMs: number,
  enclosure: Enclosure | undefined,
): Promise<boolean> {
  const groups = await groupsMarkedWith(runMark, mark)
  const isEmpty = (await enclosure?.isEmpty()) !== false
  for (const group of groups) signalGroup(group, 'SIGTERM')
  await terminateOthers(enclosure, groups)
  const deadline = performance.now() + graceMs
  let left = groups
  let isLeft = left.length > 0 || !isEmpty
  while (isLeft && performance.now() < deadline) {
    await sleep(100)
    left = await groupsMarkedWith(runMark, mark)
    isLeft = left.length > 0 || (await enclosure?.isEmpty()) === false
  }
  if (isLeft) await enclosure?.kill()
  for (const group of left) signalGroup(group, 'SIGKILL')
  return groups.length > 0 || !isEmpty
}
