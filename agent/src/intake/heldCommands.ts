import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { QueueName, RunId } from '../../../src/protocol/names.ts'
import { Time } from '../../../src/protocol/numbers.ts'
import type { ReceivedMessage } from '../../../src/queues/queues.ts'
import { type Log, reasonOf } from '../log/log.ts'

const HeldCommandSchema = v.object({
  runId: RunId,
  replyTo: QueueName,
  /** As SQS gave it. */
  received: v.object({
    messageId: v.string(),
    body: v.string(),
    receiptHandle: v.string(),
    sentAt: Time,
    senderId: v.optional(v.string()),
    receiveCount: v.number(),
  }),
  /** When the agent read it, by SQS's clock, milliseconds: whether it came in time is judged by this. */
  arrivedAt: Time,
})

/** A command that waits for the agent's restart. Its sender was told that it is queued. */
export interface HeldCommand extends v.InferOutput<typeof HeldCommandSchema> {
  readonly received: ReceivedMessage
}

interface Entry {
  readonly command: HeldCommand
  /** Settles when it is on disk, or cannot be. */
  readonly written: Promise<void>
}

/** Commands that may be held at a time, and the characters of all of them. */
const heldMost = 1_000
const heldCharacters = 64 * 1024 * 1024
/**
 * An agent that starts within this time after the one before has ended for it, milliseconds, executes what was held, however
 * long that has waited. One that starts later judges by its own time: nobody expects the command of last night.
 */
const handedOverMs = 120_000

const handOverFile = 'handed-over'

/**
 * New commands that come while the agent waits for its restart, each as a file: the new agent decides about them. They are not
 * in the journal, as they are not taken on.
 */
export class HeldCommands {
  readonly #directory: string
  readonly #entries = new Map<string, Entry>()
  /** When the agent before this one ended for a restart, by SQS's clock; it left these entries. */
  readonly #handedOverAt: number
  readonly #inherited = new Set<string>()
  #isClosed = false

  /** Reads what the agent before this one has left. Does not throw. */
  static async open(directory: string, log: Log): Promise<HeldCommands> {
    const names = await readdir(directory).catch(() => [])
    const commands: HeldCommand[] = []
    for (const name of names) {
      const path = join(directory, name)
      if (name === handOverFile) continue
      if (!name.endsWith('.json')) {
        // The agent ended while it wrote it, before it answered.
        await rm(path, { force: true }).catch(() => {})
        continue
      }
      try {
        const command = v.parse(HeldCommandSchema, JSON.parse(await readFile(path, 'utf8')))
        const { senderId } = command.received
        commands.push({ ...command, received: { ...command.received, senderId } })
      } catch (error) {
        log.warn(`A command that waited for the restart cannot be read (${path}): ${reasonOf(error)}`)
        await rm(path, { force: true }).catch(() => {})
      }
    }
    const handOver = join(directory, handOverFile)
    const handedOverAt = Number(await readFile(handOver, 'utf8').catch(() => Number.NaN))
    // It holds for these alone.
    await rm(handOver, { force: true }).catch(() => {})
    commands.sort((one, other) => one.arrivedAt - other.arrivedAt)
    return new HeldCommands(directory, handedOverAt, commands)
  }

  private constructor(directory: string, handedOverAt: number, commands: readonly HeldCommand[]) {
    this.#directory = directory
    this.#handedOverAt = handedOverAt
    for (const command of commands) {
      this.#entries.set(command.runId, { command, written: Promise.resolve() })
      this.#inherited.add(command.runId)
    }
  }

  /** Runs whose commands are held, the oldest first. */
  get runIds(): string[] {
    return [...this.#entries.keys()]
  }

  /**
   * Holds a command. Resolves when it is on disk; `left` when this agent is about to end: it is still on the queue.
   * @throws Error in words when it cannot be held
   */
  async hold(command: HeldCommand): Promise<'held' | 'left'> {
    const { runId } = command
    if (this.#isClosed) return 'left'
    let entry = this.#entries.get(runId)
    if (entry === undefined) {
      if (this.#isFull(command)) throw new Error(`${this.#entries.size} commands are waiting already`)
      entry = { command, written: this.#write(command) }
      this.#entries.set(runId, entry)
    }
    try {
      await entry.written
      return 'held'
    } catch (error) {
      this.#entries.delete(runId)
      throw error
    }
  }

  /**
   * The commands on disk, the oldest first.
   * @param now SQS's clock, milliseconds
   */
  async list(now: number): Promise<HeldCommand[]> {
    const isInTime = now - this.#handedOverAt <= handedOverMs
    const commands: HeldCommand[] = []
    for (const { command, written } of [...this.#entries.values()]) {
      const isWritten = await written.then(
        () => true,
        () => false,
      )
      if (!isWritten) continue
      const isJudgedNow = this.#inherited.has(command.runId) && !isInTime
      commands.push(isJudgedNow ? { ...command, arrivedAt: now } : command)
    }
    return commands
  }

  /** The command was decided about. */
  async drop(runId: string): Promise<void> {
    this.#entries.delete(runId)
    this.#inherited.delete(runId)
    await rm(join(this.#directory, `${runId}.json`), { force: true }).catch(() => {})
  }

  /**
   * The agent ends for its restart: what is held, and all that comes from now on, is the next one's.
   * @param now SQS's clock, milliseconds
   */
  async handOver(now: number): Promise<void> {
    this.#isClosed = true
    if ((await this.list(now)).length === 0) return
    await writeFile(join(this.#directory, handOverFile), String(now), { mode: 0o600 }).catch(() => {})
  }

  #isFull({ received }: HeldCommand): boolean {
    let characters = received.body.length
    for (const { command } of this.#entries.values()) characters += command.received.body.length
    return this.#entries.size >= heldMost || characters > heldCharacters
  }

  async #write(command: HeldCommand): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const path = join(this.#directory, `${command.runId}.json`)
    // Whole or not at all, also when the agent is killed.
    await writeFile(`${path}.new`, JSON.stringify(command), { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  }
}
