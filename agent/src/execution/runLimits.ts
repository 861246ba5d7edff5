import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type CgroupPlace, cgroupsLeftOf, findCgroupPlace, type Limited, RunCgroup } from './cgroups.ts'
import { CgroupEnclosure, type Enclosure } from './enclosure.ts'
import type { Launch } from './processGroup.ts'
import {
  canSetResourceLimits,
  endResourceLimits,
  mayRaiseLimits,
  withResourceLimits,
} from './resourceLimits.ts'

/** The most that one run may take; undefined: no limit. Memory in bytes. */
export interface Limits {
  readonly processes: number | undefined
  readonly memory: number | undefined
}

/**
 * What a limit counts here. `run`: all processes of the run, by its cgroup. `user`: all processes of the run's user, which
 * does not hold for root. `process`: each process for itself. `none`: it is not enforced.
 */
export interface Enforcement {
  readonly processes: 'run' | 'user' | 'none'
  readonly memory: 'run' | 'process' | 'none'
  /** Where the cgroups of runs are. */
  readonly directory?: string
  /** Why no cgroup limits runs. */
  readonly problem?: string
}

/** Cgroup and limits of one run. */
export interface LimitedRun {
  /** All of its processes, where it has a cgroup. */
  readonly enclosure: Enclosure | undefined
  /** Lets a program start within the limits. */
  wrap(launch: Launch): Promise<Launch>
  /** Ends the limits, also for what goes on after the run. */
  end(): Promise<void>
}

/** Moves itself into the cgroup, and becomes the program. */
const enter = 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"'
/** The same where the program starts in any case. Variables that shells add are no business of the program. */
const enterIfPossible = (added: readonly string[]) =>
  `{ echo 0 >"$1/cgroup.procs"; } 2>/dev/null; ${added.map((name) => `unset ${name}; `).join('')}shift && exec "$@"`
const addedByShells = ['PWD', 'OLDPWD', 'SHLVL']

export interface RunLimitsOptions {
  /** The directory for cgroups of runs; undefined: the agent's own cgroup. */
  readonly cgroup: string | undefined
  /** What a run left behind keeps its limits, as it may be a fork bomb. */
  readonly onKept: (runId: string) => void
}

interface Means {
  readonly place: CgroupPlace | undefined
  readonly problem: string | undefined
  readonly hasResourceLimits: boolean
  /** Resource limits can be taken back, so that runs must not raise them. */
  readonly areHard: boolean
}

/** What the system lets the agent do. */
export interface LimitingSystem {
  /** @throws NoCgroups */
  readonly findPlace: (given: string | undefined) => Promise<CgroupPlace>
  readonly mayRaiseLimits: () => Promise<boolean>
}

const linux: LimitingSystem = { findPlace: findCgroupPlace, mayRaiseLimits }

/**
 * Has a cgroup for each run, where there are cgroups, so that all of it can be stopped; and limits its processes and memory: by
 * that cgroup, or else by resource limits of its processes.
 */
export class RunLimits {
  readonly #cgroup: string | undefined
  readonly #system: LimitingSystem
  readonly #onKept: (runId: string) => void
  #means: Promise<Means> | undefined
  #enforcement: Enforcement | undefined

  constructor({ cgroup, onKept }: RunLimitsOptions, system: LimitingSystem = linux) {
    this.#cgroup = cgroup
    this.#onKept = onKept
    this.#system = system
  }

  /** What limits count; undefined before {@link prepare}. */
  get enforcement(): Enforcement | undefined {
    return this.#enforcement
  }

  /** Where runs have cgroups; undefined: they have none. Finds that out once, as the agent may move into one for it. */
  async place(): Promise<string | undefined> {
    return (await this.#prepared()).place?.directory
  }

  /** What is left of a run of an earlier agent, whatever it has shed. */
  async leftOf(runId: string): Promise<Enclosure | undefined> {
    const { place } = await this.#prepared()
    return place === undefined ? undefined : new CgroupEnclosure(await cgroupsLeftOf(place, runId))
  }

  /** Finds out what can be limited, once. */
  async prepare(): Promise<Enforcement> {
    const { place, hasResourceLimits, ...found } = await this.#prepared()
    const limits = await place?.enableLimits()
    const problem =
      place !== undefined && limits?.size === 0
        ? `the cgroup ${place.directory} has neither the pids nor the memory controller`
        : found.problem
    const by = <Other>(limited: Limited, other: Other) =>
      limits?.has(limited) === true ? 'run' : hasResourceLimits ? other : 'none'
    this.#enforcement = {
      processes: by('processes', 'user' as const),
      memory: by('memory', 'process' as const),
      ...(place === undefined || problem !== undefined ? {} : { directory: place.directory }),
      ...(problem === undefined ? {} : { problem }),
    }
    return this.#enforcement
  }

  /**
   * Prepares the cgroup and the limits of a run.
   * @param runId names its cgroup
   * @param mark finds its processes
   * @throws Error in words when it cannot be limited although it should be
   */
  async begin(limits: Limits, runId: string, mark: string): Promise<LimitedRun> {
    const { place, hasResourceLimits, areHard } = await this.#prepared()
    if (limits.processes === undefined && limits.memory === undefined)
      return place === undefined ? unlimited : enclosed(place, runId)
    await this.prepare()
    const possible = await place?.enableLimits()
    const isInCgroup = (limited: Limited) => possible?.has(limited) === true
    const ofCgroup = (limited: Limited) => (isInCgroup(limited) ? limits[limited] : undefined)
    const ofProcesses = (limited: Limited) =>
      isInCgroup(limited) || !hasResourceLimits ? undefined : limits[limited]
    const values = definedOnly({ processes: ofCgroup('processes'), memory: ofCgroup('memory') })
    const rest = { processes: ofProcesses('processes'), memory: ofProcesses('memory') }
    const cgroup =
      place === undefined
        ? undefined
        : await RunCgroup.create(place, runId, values).catch((cause: Error) => {
            throw new Error(`its processes and memory cannot be limited: ${cause.message}`, { cause })
          })
    const isByResource = rest.processes !== undefined || rest.memory !== undefined
    const isLimiting = Object.keys(values).length > 0
    return {
      enclosure: cgroup?.enclosure,
      wrap: async (launch) => {
        const within = await withResourceLimits(launch, rest, areHard)
        if (cgroup === undefined) return within
        if (!isLimiting) return entering(cgroup, within)
        // Then it is the new user who would have to enter the cgroup, which is not theirs.
        if (launch.as !== undefined)
          throw new Error(
            'limits of another user’s run need setpriv (package util-linux), which is not there',
          )
        const args = ['-c', enter, 'sh', cgroup.directory, within.file, ...within.args]
        return { ...within, file: '/bin/sh', args }
      },
      end: async () => {
        const isKept = isByResource && (await endResourceLimits(mark, rest))
        const kept = (await cgroup?.end()) ?? []
        if (isKept || kept.length > 0) this.#onKept(runId)
      },
    }
  }

  #prepared(): Promise<Means> {
    this.#means ??= this.#look()
    return this.#means
  }

  async #look(): Promise<Means> {
    const { findPlace, mayRaiseLimits } = this.#system
    const [hasResourceLimits, areHard] = await Promise.all([canSetResourceLimits(), mayRaiseLimits()])
    try {
      const place = await findPlace(this.#cgroup)
      return { place, problem: undefined, hasResourceLimits, areHard }
    } catch (error) {
      return { place: undefined, problem: (error as Error).message, hasResourceLimits, areHard }
    }
  }
}

/** A run without limits and cgroup. */
export const unlimited: LimitedRun = {
  enclosure: undefined,
  wrap: async (launch) => launch,
  end: async () => {},
}

/** A run without limits in a cgroup of its own, where one can be made. */
async function enclosed(place: CgroupPlace, runId: string): Promise<LimitedRun> {
  const cgroup = await RunCgroup.create(place, runId, {}).catch(() => undefined)
  if (cgroup === undefined) return unlimited
  return {
    enclosure: cgroup.enclosure,
    wrap: (launch) => entering(cgroup, launch),
    end: async () => void (await cgroup.end()),
  }
}

async function entering(cgroup: RunCgroup, launch: Launch): Promise<Launch> {
  // The new user could not enter it; and for a program that cannot be started, the system says why.
  if (launch.as !== undefined || !(await isExecutable(launch))) return launch
  const added = addedByShells.filter((name) => launch.environment[name] === undefined)
  const args = ['-c', enterIfPossible(added), 'sh', cgroup.directory, launch.file, ...launch.args]
  return { ...launch, file: '/bin/sh', args }
}

async function isExecutable({ file, environment }: Launch): Promise<boolean> {
  const paths = file.includes('/') ? [''] : (environment.PATH ?? '').split(delimiter)
  for (const path of paths) {
    const found = await access(path === '' ? file : join(path, file), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return true
  }
  return false
}

/** A sentence for people: what the limits count, and why no more. */
export function describeEnforcement(limits: Limits, { processes, memory, problem }: Enforcement): string {
  const parts = [
    ...(limits.processes === undefined ? [] : [`${limits.processes} processes (${counts[processes]})`]),
    ...(limits.memory === undefined ? [] : [`${limits.memory} bytes of memory (${counts[memory]})`]),
  ]
  const why = problem === undefined ? '' : ` No cgroup limits it, because ${problem}.`
  return `Limits of a run: ${parts.join(', ')}.${why}`
}

const counts = {
  run: 'of the run together',
  user: 'of its user together, except root',
  process: 'each process',
  none: 'not enforced',
} as const

function definedOnly(
  values: Readonly<Record<Limited, number | undefined>>,
): Partial<Record<Limited, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
