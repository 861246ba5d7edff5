import { once } from 'node:events'
import { access, constants, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServeInvocation } from './arguments.ts'
import { startOwnProgram } from './ownProgram.ts'

/** How long the process may take to start, milliseconds: it may check for 10 s whether another agent is running. */
const startMs = 30_000

/**
 * Starts the agent as a process of its own, in a session of its own, and waits until it has written its pid file.
 * @returns a sentence
 * @throws Error when it ends before that
 */
export async function startInBackground(invocation: ServeInvocation): Promise<string> {
  const logFile = resolve(invocation.logFile)
  const pidFile = resolve(invocation.pidFile)
  const config = invocation.configFile === undefined ? [] : ['--config', resolve(invocation.configFile)]
  const child = startOwnProgram(
    ['--supervisor', '--restarts-itself', '--logfile', logFile, '--pidfile', pidFile, ...config],
    {
      cwd: '/',
      detached: true,
      stdio: 'ignore',
    },
  )
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The agent ended immediately (${code ?? signal}). See ${logFile}.`)
  })
  await Promise.race([ended, hasWritten(pidFile, child.pid)])
  ended.catch(() => {})
  child.unref()
  const hasLog = await access(logFile, constants.W_OK).then(
    () => true,
    () => false,
  )
  const log = hasLog ? `log ${logFile}` : `no log, because ${logFile} cannot be written`
  return `ec2-cagent is running in the background: process ${child.pid}, ${log}.`
}

async function hasWritten(pidFile: string, pid: number | undefined): Promise<void> {
  for (let waited = 0; waited < startMs; waited += 50) {
    const content = await readFile(pidFile, 'utf8').catch(() => '')
    if (Number(content) === pid) return
    await sleep(50)
  }
  throw new Error(`The agent did not write ${pidFile} within ${startMs / 1000} s.`)
}
