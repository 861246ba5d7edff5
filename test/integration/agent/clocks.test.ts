import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { createShiftedClock, type ShiftedClock } from '../../support/shiftedClock.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

let sqs: SqsServer
let environment: Environment
let master: Commander
let directory: string
let clock: ShiftedClock
let environments = 0
const agents: AgentProcess[] = []

beforeAll(async () => {
  sqs = await startSqs()
})

afterAll(() => sqs.stop())

beforeEach(async () => {
  environments += 1
  environment = await sqs.environment(`clocks${environments}`)
  master = startCommander(sqs.connect(), environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  clock = createShiftedClock(directory)
})

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await master.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function start(): Promise<AgentProcess> {
  const agent = await startAgent({ environment, directory, variables: clock.variables })
  agents.push(agent)
  return agent
}

const shell = (command: string) => ({ kind: 'shell', command }) as const

async function obeys(): Promise<void> {
  expect((await master.result(await master.send(shell('echo here')))).stdout).toBe('here\n')
}

describe('an agent whose clock was wrong when its memory began', () => {
  it.each([
    ['ahead', 300 * dayMs],
    ['behind', -300 * dayMs],
  ])('obeys, also when the clock has been set right: %s', async (_, offsetMs) => {
    clock.set(offsetMs)
    const first = await start()
    await obeys()
    await first.stop()
    clock.set(0)
    const second = await start()
    await obeys()
    await second.stop()
    clock.set(-offsetMs)
    await start()
    await obeys()
  })
})

describe('an agent whose clock is set while it runs', () => {
  it('goes on obeying, and executes nothing twice', async () => {
    const file = join(directory, 'effects')
    await start()
    const issuedAt = Date.now()
    const runId = await master.send(shell(`echo did >> ${file}`), { issuedAt })
    await master.result(runId)
    for (const offsetMs of [-hourMs, hourMs, 26 * hourMs, -26 * hourMs, 0]) {
      clock.set(offsetMs)
      await obeys()
      await master.send(shell(`echo did >> ${file}`), { runId, issuedAt })
      await obeys()
    }
    expect(readFileSync(file, 'utf8')).toBe('did\n')
  })

  it('executes nothing twice that it may have executed before it lost its memory with the clock behind', async () => {
    const file = join(directory, 'effects')
    const before = await start()
    const issuedAt = Date.now()
    const runId = await master.send(shell(`echo did >> ${file}`), { issuedAt, ttlMs: 10 * 60_000 })
    await master.result(runId)
    await before.kill()
    rmSync(before.stateDirectory, { recursive: true })
    await master.expire()
    // Clocks are known to two seconds.
    await until(() => Date.now() > issuedAt + 3_000, 'clocks to tell the start from the command')
    clock.set(-hourMs)
    const after = await start()
    await obeys()
    clock.set(0)
    await obeys()
    await master.send(shell(`echo did >> ${file}`), { runId, issuedAt, ttlMs: 10 * 60_000 })
    await after.logged(new RegExp(`Run ${runId} is refused \\(expired\\): .* it may have been executed`))
    expect(readFileSync(file, 'utf8')).toBe('did\n')
  })
})
