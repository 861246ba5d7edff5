import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { takeLock } from '../../locks/processLock.ts'
import { moveHistory, moveUnlessThere } from './moveHistory.ts'

/** Between two attempts to move, while another window moves, milliseconds. */
const pauseMs = 50

/**
 * Moves what earlier versions kept for one window into the shared folder. Only one process does so at a time; what is in
 * use stays, and is moved the next time.
 * @throws Error when something cannot be moved: the next time goes on
 */
export async function moveIntoShared(own: string, shared: string): Promise<void> {
  if (own === shared) return
  await mkdir(shared, { recursive: true, mode: 0o700 })
  let lock = await takeLock(join(shared, 'moving'))
  while (lock === undefined) {
    await delay(pauseMs)
    lock = await takeLock(join(shared, 'moving'))
  }
  try {
    // The id of the master, too: replies that are on their way come to its queue.
    await moveUnlessThere(join(own, 'masters'), join(shared, 'masters'))
    await moveUnlessThere(join(own, 'identities'), join(shared, 'identities'))
    await moveHistory(join(own, 'runs'), join(shared, 'runs'))
  } finally {
    await lock.release()
  }
}
