import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { setImmediate as allRead, setTimeout as sleep } from 'node:timers/promises'
import type { Chunk } from '../../../src/protocol/frames.ts'
import { groupsMarkedWith, hasLivingMembers } from './markedProcesses.ts'
import { runMark } from './runMark.ts'

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
 * After the main process has ended, background children may keep its output open. What they write counts until
 * there was nothing for this long, milliseconds; and for no longer than `lingerMostMs` in all.
 */
const lingerQuietMs = 100
const lingerMostMs = 5000

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
  readonly #mark: string
  readonly #onOutput: (chunk: Chunk) => void
  /** Pieces of output so far. */
  #chunks = 0
  #ending: Ending | undefined

  /** @throws Error of the operating system when it cannot be started */
  static async start(launch: Launch, mark: string, onOutput: (chunk: Chunk) => void): Promise<ProcessGroup> {
    const child = spawn(launch.file, launch.args, {
      cwd: launch.directory,
      env: { ...launch.environment, [runMark]: mark },
      // A session and process group of its own: stopping it means stopping all of its descendants.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', ...(launch.input === undefined ? [] : (['pipe'] as const))],
      ...launch.as,
    })
    if (launch.input !== undefined) giveInput(child, launch.input)
    if (child.pid === undefined) {
      const [error] = await once(child, 'error')
      throw error
    }
    return new ProcessGroup(child, child.pid, mark, onOutput)
  }

  private constructor(child: ChildProcess, pid: number, mark: string, onOutput: (chunk: Chunk) => void) {
    this.#child = child
    this.pid = pid
    this.#mark = mark
    this.#onOutput = onOutput
    this.#gather(child.stdout, 1)
    this.#gather(child.stderr, 2)
    this.ended = this.#awaitEnd()
  }

  /** How the main process has ended, as soon as that is known. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Holds output back, or lets it come again. A process whose output is held back waits once its pipe is full. */
  hold(held: boolean): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (held) stream?.pause()
      else stream?.resume()
    }
  }

  /** TERM to the group; KILL after `graceMs` to what is left; resolves when nothing is. */
  async stop(graceMs: number): Promise<void> {
    if (await areGone(await this.#signal('SIGTERM'), graceMs)) return
    await areGone(await this.#signal('SIGKILL'), killedWithinMs)
  }

  async #signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<number[]> {
    signalGroup(this.pid, signal)
    const groups = await groupsMarkedWith(runMark, this.#mark)
    for (const group of groups) if (group !== this.pid) signalGroup(group, signal)
    return [...new Set([this.pid, ...groups])]
  }

  #gather(stream: Readable | null, number: 1 | 2): void {
    stream?.on('data', (bytes: Buffer) => {
      this.#chunks += 1
      this.#onOutput({ stream: number, bytes })
    })
    stream?.on('error', () => {})
  }

  async #awaitEnd(): Promise<Ending> {
    const closed = once(this.#child, 'close')
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null]
    const ending: Ending =
      code === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', code }
    this.#ending = ending
    await Promise.race([closed, this.#quiet()])
    // Output of processes that still hold the pipe is discarded: closing our end would kill a daemon with SIGPIPE.
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.removeAllListeners('data')
      stream?.resume()
      if (stream instanceof Socket) stream.unref()
    }
    return ending
  }

  async #quiet(): Promise<void> {
    const exitedAt = performance.now()
    for (;;) {
      const chunks = this.#chunks
      await sleep(lingerQuietMs)
      // On a busy server the timer may fire before the last output has been read from the pipe.
      await allRead()
      if (this.#child.stdout?.isPaused() === true) continue
      if (this.#chunks === chunks || performance.now() - exitedAt > lingerMostMs) return
    }
  }
}

export function signalGroup(pgid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pgid, signal)
  } catch {
    // The group is gone already.
  }
}

/** Waits until no process is left in any of the groups. */
async function areGone(groups: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const left = groups.filter(exists)
    // Zombies exist until their parent reaps them, which the first process of some containers never does.
    if (left.length === 0 || !(await hasLivingMembers(left))) return true
    if (performance.now() > deadline) return false
    await sleep(stopPollMs)
  }
}

function exists(pgid: number): boolean {
  try {
    process.kill(-pgid, 0)
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
