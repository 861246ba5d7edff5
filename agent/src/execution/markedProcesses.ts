import { readdir, readFile } from 'node:fs/promises'

/**
 * All processes that were started with `name=value` in their environment (`name` alone: with any value), by way of `/proc`.
 * Empty where there is no `/proc`. Reads every process of the server: for rare moments.
 */
export async function processesMarkedWith(name: string, value?: string): Promise<number[]> {
  const mark = value === undefined ? `${name}=` : `${name}=${value}\0`
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry))
  const marked: number[] = []
  for (const pid of pids) {
    // latin1, so that bytes and characters are one and the same.
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (`\0${environment}`.includes(`\0${mark}`)) marked.push(Number(pid))
  }
  return marked
}

/** Their process groups. */
export async function groupsMarkedWith(name: string, value?: string): Promise<number[]> {
  const groups = new Set<number>()
  for (const pid of await processesMarkedWith(name, value)) {
    const group = await groupOfProcess(pid)
    if (group !== undefined && group > 1) groups.add(group)
  }
  return [...groups]
}

/** The process group of a process; undefined when it is gone, or a zombie. */
export async function groupOfProcess(pid: number): Promise<number | undefined> {
  return groupOf(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))
}

/** Whether any process of these groups is more than a zombie. Without `/proc` it is assumed. */
export async function hasLivingMembers(groups: readonly number[]): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry))
  if (pids.length === 0) return true
  for (const pid of pids) {
    const group = groupOf(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))
    if (group !== undefined && groups.includes(group)) return true
  }
  return false
}

/** Field 5 of `/proc/<pid>/stat`, counted behind the command's name, which may hold anything; no zombies. */
function groupOf(stat: string): number | undefined {
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return group === undefined || state === 'Z' ? undefined : Number(group)
}
