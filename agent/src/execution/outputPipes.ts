import { execFile } from 'node:child_process'
import { close, constants, fchmod, open } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** One pipe: a program writes to `writeEnd`, and we read. */
export interface OutputPipe {
  readonly reader: Socket
  /** File descriptor. Close it as soon as the program has it, or the pipe never ends. */
  readonly writeEnd: number
}

/** For the standard output and the standard error of one program. */
export type PipePair = readonly [OutputPipe, OutputPipe]

/** Pairs that wait for the next programs, each with four open descriptors. */
const readyMost = 2

interface Ends {
  readonly read: number
  readonly write: number
}

/**
 * Node gives its children sockets, and a socket cannot be opened by its name: `/dev/stdout` and `/dev/stderr` do not work in
 * them, as they do everywhere else. These are pipes. As Node makes none, named ones are made by `mkfifo`, some in advance,
 * and lose their names as soon as they are open.
 */
export class OutputPipes {
  readonly #ready: (readonly [Ends, Ends])[] = []
  #making: Promise<void> | undefined

  /** @returns undefined where pipes cannot be made: on a full disk, or without `mkfifo` */
  async take(): Promise<PipePair | undefined> {
    const ends = this.#ready.pop() ?? (await this.#makeOne())
    if (this.#ready.length === 0) void this.#prepare()
    return ends && [pipeOf(ends[0]), pipeOf(ends[1])]
  }

  async #makeOne(): Promise<readonly [Ends, Ends] | undefined> {
    // Others may be waiting for the same ones.
    await this.#prepare()
    return this.#ready.pop() ?? (await makePairs(1).catch(() => []))[0]
  }

  #prepare(): Promise<void> {
    this.#making ??= makePairs(readyMost)
      .then((pairs) => void this.#ready.push(...pairs))
      .catch(() => {})
      .finally(() => {
        this.#making = undefined
      })
    return this.#making
  }
}

/** Of this process. */
export const outputPipes = new OutputPipes()

async function makePairs(count: number): Promise<(readonly [Ends, Ends])[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ec2-cagent-'))
  try {
    const names = Array.from({ length: 2 * count }, (_, index) => join(directory, String(index)))
    await promisify(execFile)('mkfifo', ['-m', '600', ...names], { timeout: 5000, cwd: '/' })
    const ends: Ends[] = []
    try {
      for (const name of names) ends.push(await openBoth(name))
    } catch (error) {
      for (const { read, write } of ends) for (const end of [read, write]) close(end, () => {})
      throw error
    }
    return Array.from({ length: count }, (_, index) => [ends[2 * index] as Ends, ends[2 * index + 1] as Ends])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function openBoth(name: string): Promise<Ends> {
  // Without O_NONBLOCK it would wait for a writer.
  const read = await promisify(open)(name, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const write = await promisify(open)(name, constants.O_WRONLY)
    // A program of another user may open its output, too. Nobody else can, as it no longer has a name.
    await promisify(fchmod)(write, 0o622)
    return { read, write }
  } catch (error) {
    close(read, () => {})
    throw error
  }
}

function pipeOf({ read, write }: Ends): OutputPipe {
  return { reader: new Socket({ fd: read, readable: true, writable: false }), writeEnd: write }
}
