import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SpooledReply } from './spooledReply.ts'
import { SpoolRoom } from './spoolRoom.ts'

/** Delivered replies are kept for `resend` no longer than this, milliseconds. */
const keptMs = 3600_000

const suffix = '.reply'

/** The directory of encoded replies: those not yet delivered, and those that a master may ask for again. */
export class Spool {
  readonly directory: string
  readonly #limitBytes: () => number
  readonly #undelivered: SpoolRoom
  #prunedAt = 0

  /**
   * @param limitBytes what delivered replies may take at the moment, bytes: the oldest beyond that are removed
   * @param undeliveredBytes what the others may take: beyond that, they get no more output
   */
  constructor(
    directory: string,
    limitBytes: () => number,
    undeliveredBytes = () => Number.POSITIVE_INFINITY,
  ) {
    this.directory = directory
    this.#limitBytes = limitBytes
    this.#undelivered = new SpoolRoom(undeliveredBytes)
  }

  async prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 })
  }

  /** An empty reply. A run id is safe as a file name. */
  create(runId: string): SpooledReply {
    return new SpooledReply(this.#pathOf(runId), this.#undelivered)
  }

  /** A reply to read, as far as it exists; undefined when there is none, or it is gone. */
  async find(runId: string): Promise<SpooledReply | undefined> {
    return SpooledReply.read(this.#pathOf(runId))
  }

  /** A reply of an earlier process, to be brought to its end; undefined when there is none. */
  async resume(runId: string): Promise<SpooledReply | undefined> {
    return SpooledReply.resume(this.#pathOf(runId), this.#undelivered)
  }

  /**
   * Removes what is old or too much, except for the replies of `undelivered` runs.
   * @param now milliseconds
   */
  async prune(undelivered: ReadonlySet<string>, now: number): Promise<void> {
    if (now - this.#prunedAt < 60_000) return
    this.#prunedAt = now
    const files: Array<{ path: string; at: number; bytes: number }> = []
    for (const name of await readdir(this.directory)) {
      const path = join(this.directory, name)
      const runId = name.slice(0, name.indexOf('.'))
      const found = await stat(path).catch(() => undefined)
      if (found !== undefined && !undelivered.has(runId))
        files.push({ path, at: found.mtimeMs, bytes: found.size })
    }
    files.sort((one, other) => other.at - one.at)
    let bytes = 0
    for (const file of files) {
      bytes += file.bytes
      if (now - file.at > keptMs || bytes > this.#limitBytes()) await rm(file.path, { force: true })
    }
  }

  #pathOf(runId: string): string {
    return join(this.directory, runId + suffix)
  }
}
