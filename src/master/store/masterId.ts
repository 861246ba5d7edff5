import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { takeLock } from '../../locks/processLock.ts'
import { throwAwayMaster } from '../../protocol/names.ts'
import { LocalizableError, say } from '../../text/localizable.ts'
import { createExclusive } from './createExclusive.ts'

/** Most masters of one person at a time: windows, terminals, pipelines. */
const slots = 64

/** An id that no other master uses until it is released, or this process has ended. */
export interface MasterId {
  /** Short, as it is part of a queue name: 8 random hex digits, `-` and a slot number. */
  readonly id: string
  release(): Promise<void>
}

/**
 * Claims an id for a master. Ids are reused, so that their reply queues are found again after a restart and do not pile
 * up; two masters never share one at the same time, as they would receive each other's replies.
 * @param directory where the ids are stored, beside the history of the runs whose replies arrive on these queues
 * @throws Error when the directory cannot be used, or 64 masters are running
 */
export async function claimMasterId(directory: string): Promise<MasterId> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const base = await baseId(join(directory, 'id'))
  for (let slot = 1; slot <= slots; slot += 1) {
    const lock = await takeLock(join(directory, `slot-${slot}`))
    if (lock !== undefined) return { id: `${base}-${slot}`, release: () => lock.release() }
  }
  throw new LocalizableError(
    say('{0} masters are running already (see the files slot-… in {1}). End one of them.', slots, directory),
  )
}

/**
 * Claims an id that no master had before, for one whose reply queue is deleted when its runs are over: the name of a deleted
 * queue cannot be used for a minute.
 * @param earlier the id of such a master whose run is resumed: it is claimed again, unless another process holds it
 * @throws Error when the directory cannot be used
 */
export async function claimThrowAwayId(directory: string, earlier?: string): Promise<MasterId> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (let wanted = earlier; ; wanted = undefined) {
    const id = wanted ?? throwAwayMaster(randomBytes(4).toString('hex'))
    const lock = await takeLock(join(directory, `throw-away-${id}`))
    if (lock !== undefined) return { id, release: () => lock.release() }
  }
}

/** When several processes create the base at the same time, one wins, and all use its base. */
async function baseId(path: string): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => undefined)
  const id = known?.trim() ?? (await makeUp(path))
  if (/^[0-9a-f]{8}$/.test(id)) return id
  throw new LocalizableError(say('{0} must contain 8 hex digits. Delete it to get a new id.', path))
}

async function makeUp(path: string): Promise<string> {
  const fresh = randomBytes(4).toString('hex')
  return (await createExclusive(path, fresh)) ? fresh : (await readFile(path, 'utf8')).trim()
}
