import { access, constants, readFile } from 'node:fs/promises'
import { hasCapability } from './capabilities.ts'
import { processesMarkedWith } from './markedProcesses.ts'
import type { Launch } from './processGroup.ts'
import { runProgram } from './program.ts'
import { runMark } from './runMark.ts'

/** `prlimit` (util-linux) sets resource limits of what it starts, and of what is running. */
export const prlimit = '/usr/bin/prlimit'

/** Of the allowed processes, the share above which those that are left of a run may be a fork bomb. */
const suspiciousShare = 0.25

/** Limits of the system for each process: RLIMIT_NPROC, which counts all processes of a user, and RLIMIT_AS, in bytes. */
export interface ResourceLimits {
  readonly processes: number | undefined
  readonly memory: number | undefined
}

/** Whether resource limits can be set here. */
export function canSetResourceLimits(tool: string = prlimit): Promise<boolean> {
  return access(tool, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Whether this process may raise hard limits, and those of other users' processes: root may outside of most containers. */
export function mayRaiseLimits(): Promise<boolean> {
  return hasCapability('SYS_RESOURCE')
}

/**
 * Starts a program with these limits.
 * @param areHard the program cannot raise them: only where the agent can take hard limits back later
 */
export async function withResourceLimits(
  launch: Launch,
  limits: ResourceLimits,
  areHard: boolean,
): Promise<Launch> {
  const own = await ownLimits()
  const option = (name: string, value: number | undefined, hard: string) => {
    if (value === undefined) return []
    const most = areHard || hard === 'unlimited' ? value : Math.min(value, Number(hard))
    return [`--${name}=${most}:${areHard ? most : ''}`]
  }
  const options = [
    ...option('nproc', limits.processes, own.processes.hard),
    ...option('as', limits.memory, own.memory.hard),
  ]
  if (options.length === 0) return launch
  return { ...launch, file: prlimit, args: [...options, '--', launch.file, ...launch.args] }
}

/**
 * Gives what a run has left behind the agent's own limits again. Processes that have shed their environment keep theirs, and
 * so do all when they are many: they may be a fork bomb. So do those of other users where {@link mayRaiseLimits} is false.
 * @param mark of the run
 * @returns whether the limits hold on
 */
export async function endResourceLimits(mark: string, { processes }: ResourceLimits): Promise<boolean> {
  const left = await processesMarkedWith(runMark, mark)
  if (processes !== undefined && left.length > Math.max(1, processes * suspiciousShare)) return true
  const own = await ownLimits()
  const options = [
    `--nproc=${own.processes.soft}:${own.processes.hard}`,
    `--as=${own.memory.soft}:${own.memory.hard}`,
  ]
  for (const pid of left) {
    // It may have ended meanwhile, or not be ours to change.
    await runProgram(prlimit, ['--pid', String(pid), ...options], { timeoutMs: 5_000 }).catch(() => {})
  }
  return false
}

async function ownLimits() {
  const text = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const limit = (name: string) => {
    const [, soft = 'unlimited', hard = 'unlimited'] =
      new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(text) ?? []
    return { soft, hard }
  }
  return { processes: limit('Max processes'), memory: limit('Max address space') }
}
