import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as allRead, setTimeout as sleep } from 'node:timers/promises'
import type { Chunk } from '../../../src/protocol/frames.ts'
import { type Enclosure, terminateOthers } from './enclosure.ts'
import { areLiving, targetsMarkedWith } from './markedProcesses.ts'
import { outputPipes } from './outputPipes.ts'
import { runMark } from './runMark.ts'
import { unnamedSignalOf } from './unnamedSignal.ts'

/** What to start. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  /** Text that it can read from descriptor 3. */
  readonly input?: string
  /** Started with these ids instead of the agent's own. */
  readonly as?: { readonly uid: number; readonly gid: number }
}

/** How the main process ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }

/**
 * After the main process has ended, others may keep its output open, milliseconds. Helpers in its own group, such as a filter
 * that the output goes through, are waited for: until they were silent for `silentMs`, and for `mostMs` in all. Daemons, which
 * have left the group, are not; the output then says that they could still write.
 */
const linger = { lookEveryMs: 100, silentMs: 1_000, mostMs: 5_000 }

/** How often a stopped group is looked at, milliseconds. */
const stopPollMs = 50
/** KILL cannot be refused, only delayed by the system. */
const killedWithinMs = 1000

/** A process with a group of its own, its standard input closed and its output gathered. */
export class ProcessGroup {
  readonly pid: number
  /** Settles when the main process has ended and its output is in: some seconds later, where others still write. */
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #streams: readonly [Readable, Readable]
  readonly #mark: string
  readonly #onOutput: (chunk: Chunk) => void
  /** Pieces of output so far. */
  #chunks = 0
  #ending: Ending | undefined
  /** A signal without a name in Node that is ending the main process. */
  #unnamedSignal: string | undefined

  /** @throws Error of the operating system when it cannot be started */
  static async start(launch: Launch, mark: string, onOutput: (chunk: Chunk) => void): Promise<ProcessGroup> {
    const pipes = await outputPipes.take()
    const output = pipes?.map(({ writeEnd }) => writeEnd) ?? ['pipe' as const, 'pipe' as const]
    let child: ChildProcess
    try {
      child = spawn(launch.file, launch.args, {
        cwd: launch.directory,
        env: { ...launch.environment, [runMark]: mark },
        // A session and process group of its own: stopping it means stopping all of its descendants.
        detached: true,
        stdio: ['ignore', ...output, ...(launch.input === undefined ? [] : (['pipe'] as const))],
        ...launch.as,
      })
    } catch (error) {
      // What is longer than the system allows, or contains NUL, fails at once.
      for (const { reader } of pipes ?? []) reader.destroy()
      throw error
    } finally {
      // At once: as long as it is open here, the end of the output cannot be seen.
      for (const { writeEnd } of pipes ?? []) closeSync(writeEnd)
    }
    if (launch.input !== undefined) giveInput(child, launch.input)
    const [stdout, stderr] = pipes?.map(({ reader }) => reader) ?? [child.stdout, child.stderr]
    if (child.pid === undefined || !stdout || !stderr) {
      stdout?.destroy()
      stderr?.destroy()
      const [error] = await once(child, 'error')
      throw error
    }
    return new ProcessGroup(child, child.pid, [stdout, stderr], mark, onOutput)
  }

  private constructor(
    child: ChildProcess,
    pid: number,
    streams: readonly [Readable, Readable],
    mark: string,
    onOutput: (chunk: Chunk) => void,
  ) {
    this.#child = child
    this.pid = pid
    this.#streams = streams
    this.#mark = mark
    this.#onOutput = onOutput
    this.#gather(streams[0], 1)
    this.#gather(streams[1], 2)
    this.ended = this.#awaitEnd()
  }

  /** How the main process has ended, as soon as that is known. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Holds output back, or lets it come again. A process whose output is held back waits once its pipe is full. */
  hold(held: boolean): void {
    for (const stream of this.#streams) {
      if (held) stream.pause()
      else stream.resume()
    }
  }

  /**
   * TERM to the group; KILL after `graceMs` to what is left; resolves when nothing is.
   * @param enclosure of the run: what is in it is stopped, too
   */
  async stop(graceMs: number, enclosure?: Enclosure): Promise<void> {
    const targets = await this.#signal('SIGTERM')
    await terminateOthers(enclosure, targets)
    if (await areGone(targets, graceMs, enclosure)) return
    await enclosure?.kill()
    await areGone(await this.#signal('SIGKILL'), killedWithinMs, enclosure)
  }

  async #signal(name: 'SIGTERM' | 'SIGKILL'): Promise<number[]> {
    signal(-this.pid, name)
    const others = (await targetsMarkedWith(runMark, this.#mark)).filter((target) => target !== -this.pid)
    for (const target of others) signal(target, name)
    return [-this.pid, ...others]
  }

  #gather(stream: Readable, number: 1 | 2): void {
    stream.on('data', (bytes: Buffer) => {
      this.#chunks += 1
      this.#onOutput({ stream: number, bytes })
    })
    stream.on('error', () => {})
    stream.on('end', () => {
      // A process that ends closes its files before its parent is told: the last moment to see how it ends.
      if (this.#ending === undefined) this.#unnamedSignal ??= unnamedSignalOf(this.pid)
    })
  }

  async #awaitEnd(): Promise<Ending> {
    let isClosed = false
    const closed = Promise.all(this.#streams.map((stream) => once(stream, 'close'))).then(() => {
      isClosed = true
    })
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null]
    const ending = this.#endingOf(code, signal)
    this.#ending = ending
    const isOpen = await this.#outlast(closed, () => isClosed)
    // Output of processes that still hold the pipe is discarded: closing our end would kill a daemon with SIGPIPE.
    for (const stream of this.#streams) {
      stream.removeAllListeners('data')
      stream.resume()
      if (stream instanceof Socket) stream.unref()
    }
    if (isOpen) this.#onOutput({ stream: 2, bytes: Buffer.from(stillOpen) })
    return ending
  }

  #endingOf(code: number | null, signal: string | null): Ending {
    const ended = signal ?? (code === 0 ? this.#unnamedSignal : undefined)
    if (ended !== undefined) return { kind: 'signalled', signal: ended }
    return code === null ? { kind: 'signalled', signal: 'unknown' } : { kind: 'exited', code }
  }

  /** Waits for the output of helpers. Returns whether one of them could still write when it was given up. */
  async #outlast(closed: Promise<void>, isClosed: () => boolean): Promise<boolean> {
    const exitedAt = performance.now()
    let lastOutputAt = exitedAt
    for (;;) {
      const chunks = this.#chunks
      await Promise.race([closed, sleep(linger.lookEveryMs)])
      if (isClosed()) return false
      // On a busy server the timer may fire before the last output has been read from the pipe.
      await allRead()
      if (this.#streams[0].isPaused()) continue
      const now = performance.now()
      if (this.#chunks !== chunks) lastOutputAt = now
      else if (!(await areLiving([-this.pid]))) return !(await isSoon(isClosed))
      if (now - lastOutputAt >= linger.silentMs || now - exitedAt >= linger.mostMs) return !isClosed()
    }
  }
}

/** What is closed already takes some turns of the event loop to be noticed. */
async function isSoon(isNow: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 10 && !isNow(); turn += 1) await allRead()
  return isNow()
}

/** Added to the output, where a part of it may be missing. */
const stillOpen =
  '[The output was still open when the command was answered: what its background processes write later is not here.]\n'

/** @param target a process, or a group (negative) */
export function signal(target: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(target, name)
  } catch {
    // It is gone already.
  }
}

/** Waits until none of these processes and groups (negative) is left, and nothing in the enclosure. */
async function areGone(
  targets: readonly number[],
  withinMs: number,
  enclosure: Enclosure | undefined,
): Promise<boolean> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const left = targets.filter(exists)
    // Zombies exist until their parent reaps them, which the first process of some containers never does.
    const areEnded = left.length === 0 || !(await areLiving(left))
    if (areEnded && (await enclosure?.isEmpty()) !== false) return true
    if (performance.now() > deadline) return false
    await sleep(stopPollMs)
  }
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function giveInput(child: ChildProcess, text: string): void {
  const input = child.stdio[3] as Writable
  // A program that ends before it has read everything says so by its exit code.
  input.on('error', () => {})
  input.end(text)
}
