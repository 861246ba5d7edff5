import { readdir, readFile } from 'node:fs/promises'

/**
 * All processes that were started with `name=value` in their environment (`name` alone: with any value), by way of `/proc`.
 * Empty where there is no `/proc`. Reads every process of the server: for rare moments.
 */
export async function processesMarkedWith(name: string, value?: string): Promise<number[]> {
  const mark = value === undefined ? `${name}=` : `${name}=${value}\0`
  const marked: number[] = []
  for (const pid of await allProcesses()) {
    // latin1, so that bytes and characters are one and the same.
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (`\0${environment}`.includes(`\0${mark}`)) marked.push(pid)
  }
  return marked
}

/**
 * What to signal of them, as kill(2) takes it: process ids, and negative ones for whole process groups, which reach what has
 * shed its environment, too. A group is signalled only when it is theirs: its first process is one of them, or, when that has
 * ended, all of the others are. A daemon that executes jobs in its own group, as `atd` does, goes on with other jobs.
 */
export async function targetsMarkedWith(name: string, value?: string): Promise<number[]> {
  const marked = new Set(await processesMarkedWith(name, value))
  if (marked.size === 0) return []
  const members = await membersOfGroups()
  const targets: number[] = []
  for (const [group, pids] of members) {
    const ours = pids.filter((pid) => marked.has(pid))
    const isTheirs = marked.has(group) || (!pids.includes(group) && ours.length === pids.length)
    if (ours.length > 0 && group > 1) targets.push(...(isTheirs ? [-group] : ours))
  }
  return targets
}

/** The processes of each process group, without zombies. */
async function membersOfGroups(): Promise<Map<number, number[]>> {
  const members = new Map<number, number[]>()
  for (const pid of await allProcesses()) {
    const group = await groupOfProcess(pid)
    if (group === undefined) continue
    const others = members.get(group)
    if (others === undefined) members.set(group, [pid])
    else others.push(pid)
  }
  return members
}

/** Empty where there is no `/proc`. */
async function allProcesses(): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number)
}

/** The process group of a process; undefined when it is gone, or a zombie. */
export async function groupOfProcess(pid: number): Promise<number | undefined> {
  return groupOf(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))
}

/** Whether any of these processes and groups (negative) is more than a zombie. Without `/proc` it is assumed. */
export async function areLiving(targets: readonly number[]): Promise<boolean> {
  const pids = await allProcesses()
  if (pids.length === 0) return true
  for (const pid of pids) {
    const group = await groupOfProcess(pid)
    if (group !== undefined && (targets.includes(-group) || targets.includes(pid))) return true
  }
  return false
}

/** Field 5 of `/proc/<pid>/stat`, counted behind the command's name, which may hold anything; no zombies. */
function groupOf(stat: string): number | undefined {
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return group === undefined || state === 'Z' ? undefined : Number(group)
}
