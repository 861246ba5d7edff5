import { setTimeout as sleep } from 'node:timers/promises'
import { type Enclosure, terminateOthers } from './enclosure.ts'
import { targetsMarkedWith } from './markedProcesses.ts'
import { signal } from './processGroup.ts'
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
  const targets = await targetsMarkedWith(runMark, mark)
  const isEmpty = (await enclosure?.isEmpty()) !== false
  for (const target of targets) signal(target, 'SIGTERM')
  await terminateOthers(enclosure, targets)
  const deadline = performance.now() + graceMs
  let left = targets
  let isLeft = left.length > 0 || !isEmpty
  while (isLeft && performance.now() < deadline) {
    await sleep(100)
    left = await targetsMarkedWith(runMark, mark)
    isLeft = left.length > 0 || (await enclosure?.isEmpty()) === false
  }
  if (isLeft) await enclosure?.kill()
  for (const target of left) signal(target, 'SIGKILL')
  return targets.length > 0 || !isEmpty
}
