import { type CgroupPlace, findCgroupPlace, type Limited, RunCgroup } from './cgroups.ts'
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
  /** Why runs get no cgroup of their own. */
  readonly problem?: string
}

/** Limits of one run. */
export interface LimitedRun {
  /** Lets a program start within the limits. */
  wrap(launch: Launch): Promise<Launch>
  /** Ends the limits, also for what goes on after the run. */
  end(): Promise<void>
}

/** Moves itself into the cgroup, and becomes the program. */
const enter = 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"'

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

/** Limits the processes and the memory of runs: by a cgroup for each, or else by resource limits of its processes. */
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

  /** Finds out what can be limited, once. */
  async prepare(): Promise<Enforcement> {
    const { place, problem, hasResourceLimits } = await this.#prepared()
    const by = <Other>(limited: Limited, other: Other) =>
      place?.limits.has(limited) === true ? 'run' : hasResourceLimits ? other : 'none'
    this.#enforcement = {
      processes: by('processes', 'user' as const),
      memory: by('memory', 'process' as const),
      ...(place === undefined ? {} : { directory: place.directory }),
      ...(problem === undefined ? {} : { problem }),
    }
    return this.#enforcement
  }

  /**
   * Prepares the limits of a run.
   * @param runId names its cgroup
   * @param mark finds its processes
   * @throws Error in words when it cannot be limited although it should be
   */
  async begin(limits: Limits, runId: string, mark: string): Promise<LimitedRun> {
    if (limits.processes === undefined && limits.memory === undefined) return unlimited
    await this.prepare()
    const { place, hasResourceLimits, areHard } = await this.#prepared()
    const isInCgroup = (limited: Limited) => place?.limits.has(limited) === true
    const ofCgroup = (limited: Limited) => (isInCgroup(limited) ? limits[limited] : undefined)
    const ofProcesses = (limited: Limited) =>
      isInCgroup(limited) || !hasResourceLimits ? undefined : limits[limited]
    const values = definedOnly({ processes: ofCgroup('processes'), memory: ofCgroup('memory') })
    const rest = { processes: ofProcesses('processes'), memory: ofProcesses('memory') }
    const cgroup =
      place === undefined || Object.keys(values).length === 0
        ? undefined
        : await RunCgroup.create(place, runId, values).catch((cause: Error) => {
            throw new Error(`its processes and memory cannot be limited: ${cause.message}`, { cause })
          })
    const isByResource = rest.processes !== undefined || rest.memory !== undefined
    return {
      wrap: async (launch) => {
        const within = await withResourceLimits(launch, rest, areHard)
        if (cgroup === undefined) return within
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

/** A run without limits. */
export const unlimited: LimitedRun = { wrap: async (launch) => launch, end: async () => {} }

/** A sentence for people: what the limits count, and why no more. */
export function describeEnforcement(limits: Limits, { processes, memory, problem }: Enforcement): string {
  const parts = [
    ...(limits.processes === undefined ? [] : [`${limits.processes} processes (${counts[processes]})`]),
    ...(limits.memory === undefined ? [] : [`${limits.memory} bytes of memory (${counts[memory]})`]),
  ]
  const why = problem === undefined ? '' : ` Runs have no cgroup of their own, because ${problem}.`
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
