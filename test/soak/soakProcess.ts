import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { wrongClocks } from './badDay.ts'
import type { Footprint } from './footprint.ts'

/** A program of the soak that is started, killed and started again. */
export class SoakProcess {
  readonly name: string
  /** When it was killed, milliseconds since the epoch. */
  readonly killedAt: number[] = []
  /** Of all its lives, in order. */
  readonly footprints: Footprint[] = []
  /** Exit codes and signals that nobody asked for. */
  readonly accidents: string[] = []
  readonly #launch: Launch
  #child: ChildProcess | undefined
  #expected = false

  constructor(name: string, launch: Launch) {
    this.name = name
    this.#launch = launch
  }

  get isAlive(): boolean {
    return this.#child !== undefined
  }

  start(): ChildProcess {
    const { args, env, logFile, onStart } = this.#launch
    const log = openSync(logFile, 'a')
    const child = spawn(process.execPath, [...args], { env, stdio: ['pipe', 'pipe', log] })
    closeSync(log)
    child.stdin?.on('error', () => {})
    this.#expected = false
    this.#child = child
    child.on('exit', (code, signal) => {
      this.#child = undefined
      if (!this.#expected)
        this.accidents.push(`${this.name} ended by itself: ${signal ?? `exit code ${code}`}`)
    })
    onStart?.(child)
    return child
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#expected = true
    const gone = once(child, 'exit')
    this.killedAt.push(Date.now())
    child.kill('SIGKILL')
    await gone
  }

  /** Asks it to end; kills it when it has not within `patienceMs`. Returns whether it ended by itself. */
  async end(ask: (child: ChildProcess) => void, patienceMs: number): Promise<boolean> {
    const child = this.#child
    if (child === undefined) return true
    this.#expected = true
    const gone = once(child, 'exit')
    ask(child)
    let isKilled = false
    const killing = setTimeout(() => {
      isKilled = true
      child.kill('SIGKILL')
    }, patienceMs)
    await gone
    clearTimeout(killing)
    return !isKilled
  }

  /** Takes down memory and open files, by way of `/proc`. */
  async measure(): Promise<void> {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
      const { length: openFiles } = await readdir(`/proc/${pid}/fd`)
      this.footprints.push({ residentBytes: Number(pages) * 4096, openFiles })
    } catch {
      // It has ended meanwhile.
    }
  }

  /** Paths of the files, and names of what else, it has open now; nothing once it has ended. */
  async openFiles(): Promise<string[]> {
    const directory = `/proc/${this.#child?.pid}/fd`
    const names = await readdir(directory).catch(() => [])
    const targets = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')))
    return targets.filter((target) => target !== '')
  }
}

export interface Launch {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  readonly onStart?: (child: ChildProcess) => void
}

/** The environment variables of a program of the soak, who is somebody of its own to SQS. */
export function processEnvironment(accessKeyId: string, directory: string): Record<string, string> {
  const { PATH = '' } = process.env
  const offsetMs = wrongClocks[accessKeyId]
  return {
    ...(offsetMs === undefined
      ? {}
      : {
          SOAK_CLOCK_OFFSET: String(offsetMs),
          NODE_OPTIONS: `--import=${resolve('test/soak/wrongClock.mjs')}`,
        }),
    PATH,
    HOME: directory,
    TMPDIR: directory,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
