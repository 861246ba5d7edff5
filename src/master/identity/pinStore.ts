import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import { takeLock } from '../../locks/processLock.ts'
import { type Environment, fleetIdOf } from '../../queues/environment.ts'
import { LocalizableError, say, sentenceOf } from '../../text/localizable.ts'
import { type Pin, Pins } from './pins.ts'

const Stored = v.object({
  version: v.literal(1),
  pins: v.record(v.string(), v.object({ roleId: v.string(), at: v.number() })),
})

/** Another process writes for some milliseconds. A person who lets go of pins waits for it, at most this often. */
const attempts = 100
const betweenAttemptsMs = 20

const dayMs = 24 * 3600_000

/**
 * The pins of one environment on disk, readable only by their owner. All masters with the same folder share them: what one has
 * pinned or let go of, the others know before their next reading of the fleet.
 */
export class PinStore {
  readonly pins = new Pins()
  readonly #path: string
  /** The file as last read; undefined when there is none. */
  #known: FileState | undefined
  #syncing: Promise<void> = Promise.resolve()

  private constructor(folder: string, environment: Environment) {
    this.#path = join(folder, fileOf(environment))
  }

  /**
   * @param folder beside the history of runs
   * @throws Error when the file cannot be read: nobody is then believed without proof because of it
   */
  static async open(folder: string, environment: Environment): Promise<PinStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const store = new PinStore(folder, environment)
    await store.#read()
    return store
  }

  /**
   * Takes over what other masters have stored, and stores what is pinned here. While another one is writing, that is left to the
   * next call.
   * @throws Error when the file cannot be read or written
   */
  sync(): Promise<void> {
    return this.#inTurn(async () => {
      if (!isSame(await this.#stat(), this.#known)) await this.#read()
      if (this.pins.hasFresh || this.#isOld()) await this.#write(() => {})
    })
  }

  /**
   * Lets go of these agents, or of all, here and on disk.
   * @throws Error when that cannot be stored
   */
  letGo(agentIds?: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      for (let left = attempts; left > 0; left -= 1) {
        if (await this.#write(() => this.pins.letGo(agentIds))) return
        await delay(betweenAttemptsMs)
      }
      throw new LocalizableError(say('{0} is in use by another process. Try again.', this.#path))
    })
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#syncing.then(act)
    this.#syncing = turn.catch(() => {})
    return turn
  }

  async #read(): Promise<void> {
    const state = await this.#stat()
    const stored = await readPins(this.#path)
    this.pins.replace(stored)
    this.#known = state
  }

  /** @returns false when another process is writing */
  async #write(change: () => void): Promise<boolean> {
    const lock = await takeLock(`${this.#path}.lock`)
    if (lock === undefined) return false
    try {
      this.pins.replace(await readPins(this.#path))
      change()
      const draft = `${this.#path}.${randomBytes(6).toString('hex')}`
      const pins = Object.fromEntries(this.pins.all())
      await writeFile(draft, JSON.stringify({ version: 1, pins }), { mode: 0o600, flush: true })
      await rename(draft, this.#path)
      await this.#read()
      return true
    } catch (cause) {
      throw new LocalizableError(say('{0} cannot be written: {1}', this.#path, sentenceOf(cause)), { cause })
    } finally {
      await lock.release()
    }
  }

  /** When instances last proved themselves is only stored with other changes, or once a day. */
  #isOld(): boolean {
    return this.#known !== undefined && Date.now() - this.#known.mtimeMs > dayMs
  }

  async #stat(): Promise<FileState | undefined> {
    return stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }
}

type FileState = Pick<Stats, 'ino' | 'size' | 'mtimeMs'>

function isSame(a: FileState | undefined, b: FileState | undefined): boolean {
  return a?.ino === b?.ino && a?.size === b?.size && a?.mtimeMs === b?.mtimeMs
}

async function readPins(path: string): Promise<Map<string, Pin>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  const parsed = v.safeParse(Stored, parseJson(text))
  if (parsed.success) return new Map(Object.entries(parsed.output.pins))
  throw new LocalizableError(
    say(
      '{0} is damaged: it has the roles by which instances proved their identities. Restore it, or delete it to start with none.',
      path,
    ),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fileOf(environment: Environment): string {
  return `${environment.name}-${fleetIdOf(environment)}.json`
}
