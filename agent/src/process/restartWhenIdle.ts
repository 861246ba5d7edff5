import { setTimeout as sleep } from 'node:timers/promises'
import { holderOf, type LockHolder } from '../../../src/locks/processLock.ts'
import { runMark } from '../execution/runMark.ts'
import { readConfiguration } from '../settings/configuration.ts'
import type { Invocation } from './arguments.ts'
import { lockOf } from './stateDirectory.ts'

const lookEveryMs = 100

/**
 * Asks the running agent of a configuration to restart as soon as nothing runs.
 * @returns the exit code: 0, or 1 when it was waited for and has not come
 * @throws Error in words when no agent can be asked
 */
export async function restartWhenIdle(
  { configFile, waitSeconds }: Extract<Invocation, { kind: 'restart-when-idle' }>,
  write: (text: string) => void,
): Promise<number> {
  const { stateDir, restartLimitMs } = await readConfiguration(configFile)
  if (waitSeconds !== undefined && process.env[runMark] !== undefined)
    throw new Error(
      'A command of the agent cannot wait for its restart (--wait), which waits for the end of this command.',
    )
  const lock = lockOf(stateDir)
  const pid = pidOf(await holderOf(lock), stateDir)
  try {
    process.kill(pid, 'SIGUSR2')
  } catch (cause) {
    const isGone = (cause as NodeJS.ErrnoException).code === 'ESRCH'
    throw new Error(
      isGone
        ? `The agent (process ${pid}) has just ended.`
        : `The agent (process ${pid}) belongs to another user. Run this as root, or as that user.`,
      { cause },
    )
  }
  write(
    `The agent (process ${pid}) restarts as soon as nothing runs. Commands that are running go on, new ones wait for the new agent. If one runs for longer than ${restartLimitMs / 1000} s, new commands are executed meanwhile, and the restart comes after it: the log of the agent and the fact agent.restart say so.\n`,
  )
  return waitSeconds === undefined ? 0 : awaitNext(lock, pid, waitSeconds, write)
}

function pidOf(holder: LockHolder, stateDir: string): number {
  switch (holder.kind) {
    case 'here':
      return holder.pid
    case 'elsewhere':
      throw new Error(
        `The agent that uses ${stateDir} runs in another container or on another machine. Run this there.`,
      )
    case 'none':
      throw new Error(`No agent is running that uses the state directory ${stateDir}.`)
  }
}

async function awaitNext(
  lock: string,
  pid: number,
  seconds: number,
  write: (text: string) => void,
): Promise<number> {
  const deadline = performance.now() + seconds * 1000
  let holder: LockHolder
  do {
    await sleep(lookEveryMs)
    holder = await holderOf(lock)
    if (holder.kind === 'here' && holder.pid !== pid) {
      write(`The new agent is running (process ${holder.pid}).\n`)
      return 0
    }
  } while (performance.now() < deadline)
  write(
    holder.kind === 'none'
      ? `The agent has ended, and no new one has started within ${seconds} s. What starts it, systemd or another supervisor, should have done so.\n`
      : `The agent (process ${pid}) has not restarted within ${seconds} s: commands are still running. It will when they have ended.\n`,
  )
  return 1
}
