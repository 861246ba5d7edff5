import { constants } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupOfProcess } from './markedProcesses.ts'

/** Processes that belong together whatever they do with their environment, their group and their session. */
export interface Enclosure {
  /** Their process ids, without that of the agent. */
  members(): Promise<number[]>
  isEmpty(): Promise<boolean>
  /** KILL to all of them at once, so that none can start another. */
  kill(): Promise<void>
}

/** The kernel does not have this file before 5.14: then they are killed one by one. */
const killFile = 'cgroup.kill'
const killRounds = 20
/** Never makes a file: then this is no cgroup. */
const overwrite = { flag: constants.O_WRONLY | constants.O_TRUNC } as const

/** The processes in some cgroups. One that is not there is empty. */
export class CgroupEnclosure implements Enclosure {
  readonly #directories: readonly string[]

  constructor(directories: readonly string[]) {
    this.#directories = directories
  }

  async members(): Promise<number[]> {
    const lists = await Promise.all(this.#directories.map(processesIn))
    return lists.flat()
  }

  async isEmpty(): Promise<boolean> {
    for (const directory of this.#directories) {
      // Counts also cgroups that the run has made below its own.
      const events = await readFile(join(directory, 'cgroup.events'), 'utf8').catch(() => '')
      if (/^populated 1$/m.test(events)) return false
    }
    return (await this.members()).length === 0
  }

  async kill(): Promise<void> {
    await Promise.all(this.#directories.map(killIn))
  }
}

async function processesIn(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
}

async function killIn(directory: string): Promise<void> {
  const isKilled = await writeFile(join(directory, killFile), '1', overwrite).then(
    () => true,
    () => false,
  )
  if (isKilled) return
  for (let round = 0; round < killRounds; round += 1) {
    const pids = await processesIn(directory)
    if (pids.length === 0) return
    for (const pid of pids) signalProcess(pid, 'SIGKILL')
  }
}

function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}

/** TERM to what is in the enclosure, but to none of these processes and groups (negative), which got it already: a second one ends some programs at once. */
export async function terminateOthers(
  enclosure: Enclosure | undefined,
  targets: readonly number[],
): Promise<void> {
  for (const pid of (await enclosure?.members()) ?? []) {
    const group = await groupOfProcess(pid)
    if (group !== undefined && !targets.includes(-group) && !targets.includes(pid))
      signalProcess(pid, 'SIGTERM')
  }
}
