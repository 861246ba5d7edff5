import { readFile } from 'node:fs/promises'
import { runProgram } from './program.ts'
import { prlimit } from './resourceLimits.ts'

/** What Linux, systemd and login shells give where nobody says otherwise. */
const usual = 1024

/** Descriptors that the agent needs for itself, and for each command that runs: about twice what is seen. */
const needed = { agent: 128, run: 16 }

/** A soft and a hard limit. */
export interface LimitPair {
  readonly soft: number
  readonly hard: number
}

/** What the system says, and lets the agent do. */
export interface LimitSystem {
  readonly parent: number
  /** @returns undefined where the system does not tell it */
  readonly limitsOf: (pid: number | 'self') => Promise<LimitPair | undefined>
  /** What systemd gives the service that the agent is. */
  readonly askSystemd: () => Promise<number | undefined>
  /** @throws Error */
  readonly setSoft: (limit: number) => Promise<unknown>
}

const linux: LimitSystem = {
  parent: process.ppid,
  async limitsOf(pid) {
    const text = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '')
    const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(text) ?? []
    return soft === undefined ? undefined : { soft: limitOf(soft), hard: limitOf(hard) }
  },
  async askSystemd() {
    const cgroup = await readFile('/proc/self/cgroup', 'utf8').catch(() => '')
    const unit = unitIn(cgroup)
    if (unit === undefined) return undefined
    const question = ['show', '--value', '--property=LimitNOFILESoft', '--', unit]
    const answer = await runProgram('systemctl', question, { timeoutMs: 5_000 }).catch(() => '')
    return /^\d+$/.test(answer.trim()) ? Number(answer) : undefined
  },
  setSoft: (limit) =>
    runProgram(prlimit, ['--pid', String(process.pid), `--nofile=${limit}:`], { timeoutMs: 5_000 }),
}

/**
 * Gives the agent the soft limit of open files that it was started with, so that its commands inherit it. Node raises its own
 * to the hard limit, with which programs of earlier times (`select()`, or closing every possible descriptor) fail or crawl.
 */
export class OpenFiles {
  readonly #system: LimitSystem
  #given: Promise<LimitPair | undefined> | undefined
  #soft: number | undefined

  constructor(system: LimitSystem = linux) {
    this.#system = system
  }

  /**
   * Sets the limit: higher where that many commands at a time need more. Without `prlimit` (util-linux) or `/proc` it stays as
   * Node has it.
   */
  async fit(maxParallel: number): Promise<void> {
    this.#given ??= this.#find()
    const given = await this.#given
    if (given === undefined) return
    const soft = Math.min(given.hard, Math.max(given.soft, needed.agent + needed.run * maxParallel))
    if (soft === this.#soft) return
    this.#soft = soft
    await this.#system.setSoft(soft).catch(() => {})
  }

  async #find(): Promise<LimitPair | undefined> {
    const { parent, limitsOf, askSystemd } = this.#system
    const own = await limitsOf('self')
    // Then Node has not raised it.
    if (own === undefined || own.soft < own.hard) return undefined
    const fromSystemd = parent === 1 ? await askSystemd() : undefined
    if (fromSystemd !== undefined) return { soft: fromSystemd, hard: own.hard }
    // Inherited from a parent that still has it. One that has raised its own tells nothing.
    const before = await limitsOf(parent)
    const isInherited = before !== undefined && before.hard === own.hard && before.soft < before.hard
    return { soft: isInherited ? before.soft : usual, hard: own.hard }
  }
}

/** The service in the text of `/proc/<pid>/cgroup`; the agent may be in a cgroup below it. */
export function unitIn(cgroup: string): string | undefined {
  return /^\d+:(?:name=systemd)?:.*\/([^/\n]+\.service)(?:\/[^/\n]*)?$/m.exec(cgroup)?.[1]
}

function limitOf(text: string | undefined): number {
  return text === undefined || text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)
}
