import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Masters of one person at a time: windows, terminals, pipelines. */
const slots = 64

/** An id that nobody else uses until it is released, or this process is gone. */
export interface MasterId {
  /** Short, so that it fits into a queue name: 8 random hex digits, `-` and a slot number. */
  readonly id: string
  release(): Promise<void>
}

/**
 * Claims an id for a master. Ids are used again, so that their reply queues are found again after a restart and do not
 * pile up; two masters at a time never share one, as they would take each other's replies.
 * @param directory where this person's ids are kept
 */
export async function claimMasterId(directory: string): Promise<MasterId> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const base = await baseId(join(directory, 'id'))
  for (let slot = 1; slot <= slots; slot += 1) {
    const lock = join(directory, `slot-${slot}`)
    if (await claim(lock)) return { id: `${base}-${slot}`, release: () => rm(lock, { force: true }) }
  }
  throw new Error(`${slots} masters are at work already (see the files slot-… in ${directory})`)
}

async function baseId(path: string): Promise<string> {
  const fresh = randomBytes(4).toString('hex')
  try {
    await writeFile(path, fresh, { flag: 'wx', mode: 0o600 })
    return fresh
  } catch {
    const known = (await readFile(path, 'utf8')).trim()
    if (/^[0-9a-f]{8}$/.test(known)) return known
    throw new Error(`${path} should hold 8 hex digits; delete it to get a new id`)
  }
}

async function claim(lock: string): Promise<boolean> {
  if (await create(lock)) return true
  if (isAlive(await owner(lock))) return false
  // Its process is gone. Of several who see that only the one that makes this folder may take the lock over.
  const takingOver = `${lock}.takeover`
  try {
    await mkdir(takingOver)
  } catch {
    return false
  }
  try {
    if (isAlive(await owner(lock))) return false
    await rm(lock, { force: true })
    return await create(lock)
  } finally {
    await rm(takingOver, { recursive: true, force: true })
  }
}

async function create(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function owner(lock: string): Promise<number> {
  return Number(await readFile(lock, 'utf8').catch(() => ''))
}

function isAlive(pid: number): boolean {
  // A file without a number yet is being written at this moment.
  if (!Number.isInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
