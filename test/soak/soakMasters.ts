import type { ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from '../../src/queues/environment.ts'
import type { MasterOrder, MasterReport } from './masterTalk.ts'
import type { SoakCommand } from './soakCommand.ts'
import { processEnvironment, SoakProcess } from './soakProcess.ts'

/** Before a storm begins every master knows every agent after so long, milliseconds, also those whose clock is wrong. */
const introducedWithinMs = 120_000

/** A master with what it was told to do. */
export interface SoakMaster {
  readonly name: string
  readonly home: string
  readonly process: SoakProcess
  readonly commands: Map<string, SoakCommand>
  readonly troubles: Record<string, number>
  readonly notBegun: number
  order(order: MasterOrder): void
  /** Gives a command; resolves when its run is over, or never began. */
  command(command: SoakCommand): Promise<void>
  allOver(): Promise<void>
  /** Whether it knows so many agents in time. */
  knowsEverybody(count: number): Promise<boolean>
}

export async function startMasters(
  count: number,
  program: string,
  directory: string,
  environment: Environment,
): Promise<SoakMaster[]> {
  const masters: SoakMaster[] = []
  for (let number = 1; number <= count; number += 1) {
    // The last of several has no reply queue of its own.
    const replies = number === count && number > 1 ? 'shared' : 'private'
    masters.push(await startMaster(`m${number}`, replies, program, directory, environment))
  }
  return masters
}

async function startMaster(
  name: string,
  replies: 'private' | 'shared',
  program: string,
  directory: string,
  environment: Environment,
): Promise<SoakMaster> {
  const home = join(directory, name)
  await mkdir(home)
  const key = `MASTER${name.slice(1)}`
  const commands = new Map<string, SoakCommand>()
  const open = new Map<string, () => void>()
  /** Tokens by run id. */
  const begun = new Map<string, string>()
  const troubles: Record<string, number> = {}
  let notBegun = 0
  let known = 0
  let child: ChildProcess | undefined
  let isReady = false
  const waiting: MasterOrder[] = []
  const given = new Set<string>()
  const order = (order: MasterOrder) => {
    if (!isReady) {
      waiting.push(order)
      return
    }
    if (order.kind === 'start') given.add(order.token)
    child?.stdin?.write(`${JSON.stringify(order)}\n`)
  }
  const settle = (token: string) => {
    open.get(token)?.()
    open.delete(token)
  }
  const listen = (line: MasterReport) => {
    appendFileSync(join(home, 'reports.log'), `${new Date().toISOString()} ${JSON.stringify(line)}\n`)
    switch (line.kind) {
      case 'ready':
        // What it does not know any more died with an earlier process before it began.
        for (const token of given) {
          if (!open.has(token) || line.tokens.includes(token) || [...begun.values()].includes(token)) continue
          notBegun += 1
          settle(token)
        }
        isReady = true
        for (const kept of waiting.splice(0)) order(kept)
        return
      case 'knows':
        known = line.agents
        return
      case 'started':
        begun.set(line.runId, line.token)
        return
      case 'failed':
        notBegun += 1
        settle(line.token)
        return
      case 'over':
        // A ping does not say its token.
        settle(begun.get(line.runId) ?? line.token)
        return
      case 'trouble':
        troubles[line.what] = (troubles[line.what] ?? 0) + 1
    }
  }
  const process = new SoakProcess(name, {
    args: [
      program,
      ...[
        '--environment',
        JSON.stringify({ ...environment, credentials: { accessKeyId: key, secretAccessKey: 'x' } }),
      ],
      ...['--directory', home, '--replies', replies],
    ],
    env: processEnvironment(key, home),
    logFile: join(home, 'master.log'),
    onStart: (started) => {
      child = started
      isReady = false
      if (started.stdout)
        createInterface(started.stdout).on('line', (line) => listen(JSON.parse(line) as MasterReport))
    },
  })
  process.start()
  return {
    ...{ name, home, process, commands, troubles, order },
    get notBegun() {
      return notBegun
    },
    async command(command) {
      commands.set(command.token, command)
      const over = new Promise<void>((resolve) => open.set(command.token, resolve))
      const { token, request, cancelAfterMs } = command
      order({ kind: 'start', token, request, cancelAfterMs })
      await over
    },
    async allOver() {
      while (open.size > 0) await delay(100)
    },
    async knowsEverybody(count) {
      for (const deadline = Date.now() + introducedWithinMs; known < count; await delay(50))
        if (Date.now() > deadline) return false
      return true
    },
  }
}
