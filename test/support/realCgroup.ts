import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from './until.ts'

/** A directory of the system's cgroups that limits processes, for one test file. */
export interface RealCgroup {
  readonly directory: string
  /** Ends everything in it, and removes it. */
  remove(): Promise<void>
}

/** Cgroups of version 2; or the hierarchy of version 1 that has the files `pids.max` and `pids.events` as well. */
const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/pids']

/** The root in which a test can make a cgroup that limits processes; undefined where it may not, or there is none. */
export const cgroupRoot: string | undefined = roots.find((root) => canMake(root, 'pids.max'))

/** The same for cgroups of version 2 that can be killed, also beside those of version 1. */
export const killableRoot: string | undefined = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((root) =>
  canMake(root, 'cgroup.kill'),
)

/** Whether the test can make a cgroup there, with this file in it. */
function canMake(root: string, file: string): boolean {
  const probe = join(root, `ec2-collective-probe-${process.pid}`)
  try {
    accessSync(root, constants.W_OK)
    mkdirSync(probe)
  } catch {
    return false
  }
  const has = existsSync(join(probe, file))
  rmdirSync(probe)
  return has
}

export function makeCgroup(root: string, name: string): RealCgroup {
  const directory = join(root, `ec2-collective-${name}-${process.pid}`)
  mkdirSync(directory)
  return {
    directory,
    async remove() {
      for (const child of await cgroupsIn(directory)) await empty(child)
      await empty(directory)
    },
  }
}

/** Cgroups of runs in it. */
export async function cgroupsIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name))
}

export function readCgroup(cgroup: string, file: string): string {
  return readFileSync(join(cgroup, file), 'utf8').trim()
}

/** Nothing in it can start a process from then on: this also ends a fork bomb. */
async function empty(cgroup: string): Promise<void> {
  if (existsSync(join(cgroup, 'pids.max'))) writeFileSync(join(cgroup, 'pids.max'), '0')
  await until(async () => {
    const pids = (await readFile(join(cgroup, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean)
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    return pids.length === 0
  }, `${cgroup} to be empty`)
  await until(
    () =>
      rmdir(cgroup).then(
        () => true,
        () => false,
      ),
    `${cgroup} to be removed`,
  )
}
