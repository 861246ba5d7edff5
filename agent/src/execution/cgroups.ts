import { constants } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CgroupEnclosure, type Enclosure } from './enclosure.ts'

/** What a cgroup can limit, and the files (cgroup v2) that the limits are written to. */
const limitFiles = { processes: 'pids.max', memory: 'memory.max' } as const
/** Files that count how often a limit was met, and the name of that count. */
const eventFiles = {
  processes: { file: 'pids.events', event: 'max' },
  memory: { file: 'memory.events', event: 'oom' },
} as const
/** Not where the file is not there: not every kernel has every one. */
const overwrite = { flag: constants.O_WRONLY | constants.O_TRUNC } as const
const swapFile = 'memory.swap.max'
const controllers = ['pids', 'memory']

export type Limited = keyof typeof limitFiles

/** The agent's own part of a cgroup tree in which it is alone: cgroups with processes cannot limit cgroups below them. */
const ownLeaf = 'agent'

/** A directory in which the agent makes a cgroup for each run. */
export interface CgroupPlace {
  readonly directory: string
  /**
   * Enables the controllers, and finds out what can be limited, once. Only where runs are limited: a service whose cgroup has
   * controllers enabled below it cannot be started again in that cgroup as long as a daemon is left there. The unit of the
   * package disables them when the agent has ended.
   */
  readonly enableLimits: () => Promise<ReadonlySet<Limited>>
  /** Names of cgroups of runs that have not ended. They may be empty, as their process is still to come. */
  readonly inUse: Set<string>
}

/** Where Linux says which cgroup a process is in, and where the cgroups are. */
export interface CgroupSystem {
  readonly membership: string
  readonly root: string
  readonly pid: number
}

const linux: CgroupSystem = { membership: '/proc/self/cgroup', root: '/sys/fs/cgroup', pid: process.pid }

/** Runs get no cgroup of their own here; the message says why. */
export class NoCgroups extends Error {
  override readonly name = 'NoCgroups'
}

/**
 * Finds the place for cgroups of runs: the given directory, or the agent's own cgroup, where systemd has delegated it. From
 * that the agent moves into a cgroup below it.
 * @throws NoCgroups
 */
export async function findCgroupPlace(
  given: string | undefined,
  system: CgroupSystem = linux,
): Promise<CgroupPlace> {
  const directory = given ?? (await ownPlace(system).catch(unusable))
  const inUse = new Set<string>()
  await removeEmptyCgroups({ directory, inUse })
  await probe(directory, 'cgroup.procs').catch(({ message }: Error) => {
    throw new NoCgroups(`cgroups cannot be made in ${directory} (${message})`)
  })
  let limits: Promise<ReadonlySet<Limited>> | undefined
  return {
    directory,
    inUse,
    enableLimits: () => {
      limits ??= enableLimits(directory)
      return limits
    },
  }
}

async function enableLimits(directory: string): Promise<ReadonlySet<Limited>> {
  for (const controller of controllers) {
    // One that is not there cannot be enabled; which ones are is seen below.
    await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`, overwrite).catch(() => {})
  }
  const names = Object.keys(limitFiles) as Limited[]
  const found = await probe(directory, ...names.map((limited) => limitFiles[limited])).catch(
    (): string[] => [],
  )
  return new Set(names.filter((limited) => found.includes(limitFiles[limited])))
}

async function ownPlace({ membership, root, pid }: CgroupSystem): Promise<string> {
  const path = /^0::(.*)$/m.exec(await readFile(membership, 'utf8').catch(() => ''))?.[1]
  if (path === undefined) throw new NoCgroups('this system has no cgroups of version 2')
  const own = join(root, path)
  if (basename(own) === ownLeaf) return dirname(own)
  const pids = (await readFile(join(own, 'cgroup.procs'), 'utf8')).split('\n').filter((line) => line !== '')
  // Nobody else's processes are moved: then this is not a service of its own.
  if (pids.some((other) => Number(other) !== pid))
    throw new NoCgroups(`the agent shares its cgroup ${own} with other processes`)
  const leaf = join(own, ownLeaf)
  await mkdir(leaf, { recursive: true })
  await writeFile(join(leaf, 'cgroup.procs'), String(pid))
  return own
}

/** Which of these files a cgroup below this one has. */
async function probe(directory: string, ...files: string[]): Promise<string[]> {
  const cgroup = join(directory, `run-probe.${process.pid}`)
  await mkdir(cgroup)
  const found: string[] = []
  for (const file of files) if (await isThere(join(cgroup, file))) found.push(file)
  await rmdir(cgroup)
  return found
}

/** Cgroups of a run that agents before this one have left. */
export async function cgroupsLeftOf({ directory }: CgroupPlace, name: string): Promise<string[]> {
  const left: string[] = []
  for (const entry of await readdir(directory).catch(() => [])) {
    const pid = pidIn(entry)
    if (pid === undefined || entry !== `run-${name}.${pid}`) continue
    // One of another agent that uses the same place may execute the same run.
    if (!(await isThere(`/proc/${pid}`))) left.push(join(directory, entry))
  }
  return left
}

/** The process id of the agent that has made this cgroup for a run. */
function pidIn(entry: string): number | undefined {
  const pid = /^run-.*\.(\d+)$/.exec(entry)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

function unusable(error: Error): never {
  throw error instanceof NoCgroups ? error : new NoCgroups(error.message, { cause: error })
}

/** Removes cgroups of runs in which no process is left: a daemon that a run left has ended. */
async function removeEmptyCgroups({
  directory,
  inUse,
}: Pick<CgroupPlace, 'directory' | 'inUse'>): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const pid = pidIn(name)
    if (pid === undefined) continue
    // Those of another agent that uses the same place are its own.
    const isFree = pid === process.pid ? !inUse.has(name) : !(await isThere(`/proc/${pid}`))
    if (isFree) await rmdir(join(directory, name)).catch(() => {})
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The cgroup of one run. */
export class RunCgroup {
  readonly directory: string
  readonly #place: CgroupPlace
  readonly #limited: readonly Limited[]

  /**
   * @param values limits: a number of processes, and bytes
   * @throws Error of the system
   */
  static async create(
    place: CgroupPlace,
    name: string,
    values: Readonly<Partial<Record<Limited, number>>>,
  ): Promise<RunCgroup> {
    const own = join(place.directory, `run-${name}.${process.pid}`)
    await mkdir(own)
    place.inUse.add(basename(own))
    const entries = Object.entries(values) as [Limited, number][]
    const cgroup = new RunCgroup(
      place,
      own,
      entries.map(([limited]) => limited),
    )
    try {
      for (const [limited, value] of entries) await writeFile(join(own, limitFiles[limited]), String(value))
      // What is swapped out counts, too, where the system counts it.
      if (values.memory !== undefined) await writeFile(join(own, swapFile), '0', overwrite).catch(() => {})
    } catch (error) {
      await cgroup.end()
      throw error
    }
    return cgroup
  }

  private constructor(place: CgroupPlace, directory: string, limited: readonly Limited[]) {
    this.#place = place
    this.directory = directory
    this.#limited = limited
  }

  get enclosure(): Enclosure {
    return new CgroupEnclosure([this.directory])
  }

  /**
   * Removes the cgroup. Where processes go on after the run, limits are lifted, except those that the run has met: what is
   * left may be a fork bomb. Such a cgroup is removed when another run ends, or the agent starts.
   * @returns the limits that hold on
   */
  async end(): Promise<Limited[]> {
    const isRemoved = await rmdir(this.directory).then(
      () => true,
      () => false,
    )
    const kept: Limited[] = []
    for (const limited of isRemoved ? [] : this.#limited) {
      if (await this.#hasMet(limited)) kept.push(limited)
      else await this.#lift(limited)
    }
    this.#place.inUse.delete(basename(this.directory))
    await removeEmptyCgroups(this.#place)
    return kept
  }

  async #hasMet(limited: Limited): Promise<boolean> {
    const { file, event } = eventFiles[limited]
    const text = await readFile(join(this.directory, file), 'utf8').catch(() => '')
    return Number(new RegExp(`^${event} (\\d+)$`, 'm').exec(text)?.[1] ?? 0) > 0
  }

  async #lift(limited: Limited): Promise<void> {
    const files = limited === 'memory' ? [limitFiles.memory, swapFile] : [limitFiles[limited]]
    for (const file of files) await writeFile(join(this.directory, file), 'max', overwrite).catch(() => {})
  }
}
