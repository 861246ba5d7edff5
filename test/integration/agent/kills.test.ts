import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBody } from '../../../src/protocol/envelope.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import { type AgentProcess, launchAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { createDice } from '../../support/faults/dice.ts'
import { faultSeed } from '../../support/faults/seed.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

/** `npm run test:kills` and `npm run test:nightly` do 300. */
const kills = Number(process.env.AGENT_KILLS ?? 12)
/** No more commands than one receive shows. */
const outstandingMost = 6
const longestLifeMs = 1_100

let sqs: SqsServer
let environment: Environment
let queues: Queues
let master: Commander
let directory: string
let agent: AgentProcess

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  queues = sqs.connect()
  master = startCommander(queues, environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  chmodSync(directory, 0o711)
})

afterAll(async () => {
  await agent?.stop()
  await master.stop()
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

describe(`an agent that is killed ${kills} times at random moments, every third time by a failure of power`, () => {
  it('executes nothing twice, answers and audits every run, and comes back each time', {
    timeout: 20_000 + kills * 4_000,
  }, async (context) => {
    const dice = createDice(faultSeed(context))
    const lifetimes = dice('lifetimes')
    const failures = dice('failures of power')
    const runs: string[] = []
    const effects = join(directory, 'effects')
    const sending = new AbortController()
    const send = async () => {
      while (!sending.signal.aborted) {
        if (unanswered(runs).length < outstandingMost)
          runs.push(await master.send(work(effects, runs.length)))
        await removeAnswered()
        await sleep(20)
      }
    }
    const sent = send()
    let lives = 0
    for (let kill = 0; kill < kills; kill += 1) {
      agent = await launchAgent({ environment, directory })
      let synced: number | undefined
      void agent.logged(/ is agent-1 /).then(
        () => {
          synced = statSync(agent.auditLog).size
        },
        () => {},
      )
      // Every other one lives long enough to listen, however slow the machine is.
      if (kill % 2 === 1) await agent.logged(/ is agent-1 /)
      await Promise.race([sleep(lifetimes.between([0, longestLifeMs])), agent.ended])
      if (/ is agent-1 /.test(agent.log)) lives += 1
      await agent.kill()
      // The audit log is synced when the agent starts; of what came later a failure of power may leave any part.
      if (kill % 3 === 2 && synced !== undefined)
        truncateSync(agent.auditLog, failures.between([synced, statSync(agent.auditLog).size]))
    }
    sending.abort()
    await sent
    agent = await launchAgent({ environment, directory })
    await until(
      () => unanswered(runs).length === 0,
      'every run to be answered',
      () => ` ${unanswered(runs)}\n${agent.log}`,
      60_000,
    )

    const begun = countLines(readFileSync(effects, 'utf8'))
    const twice = [...begun].filter(([, times]) => times > 1)
    expect(twice).toEqual([])
    const received = new Set(
      readFileSync(agent.auditLog, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"event":"received"') && line.endsWith('}'))
        .map((line) => JSON.parse(line).runId),
    )
    expect(runs.filter((runId, index) => begun.has(String(index)) && !received.has(runId))).toEqual([])
    const outcomes = runs.map(
      (runId) => new Set(results(runId).map((result) => JSON.stringify(result.outcome))),
    )
    expect(outcomes.filter((different) => different.size !== 1)).toEqual([])
    const exited = runs.filter((runId) => results(runId)[0]?.outcome.kind === 'exited')
    for (const [index, runId] of runs.entries()) {
      if (!exited.includes(runId)) continue
      expect(begun.get(String(index))).toBe(1)
      const { stdout } = await master.result(runId)
      expect(stdout).toBe(expectedOutput(index))
    }
    const interrupted = runs.filter((runId) => results(runId)[0]?.outcome.kind === 'interrupted')
    expect(exited.length + interrupted.length).toBe(runs.length)
    expect(lives).toBeGreaterThanOrEqual(Math.floor(kills / 2))
    expect(agent.log).not.toContain('Internal error in the agent')
    console.log(
      `${kills} kills, ${lives} of them while listening; ${runs.length} runs: ${exited.length} exited, ${interrupted.length} interrupted, ${twice.length} executed twice`,
    )
  })
})

/** Leaves one line behind, lasts a while, and prints more than one frame now and then. */
function work(effects: string, index: number) {
  const lines = linesOf(index)
  return {
    kind: 'shell',
    command: `echo ${index} >> ${effects}; echo begin ${index}; sleep 0.${index % 4}; seq 1 ${lines}`,
  } as const
}

function linesOf(index: number): number {
  return index % 7 === 0 ? 60_000 : index % 3
}

function expectedOutput(index: number): string {
  return `begin ${index}\n${Array.from({ length: linesOf(index) }, (_, line) => `${line + 1}\n`).join('')}`
}

function results(runId: string) {
  return master.heard(runId).flatMap(({ message }) => (message.type === 'result' ? [message] : []))
}

function unanswered(runs: readonly string[]): string[] {
  return runs.filter((runId) => results(runId).length === 0)
}

/** As a master does with commands that are done: what stays is seen again by each new life of the agent. */
async function removeAnswered(): Promise<void> {
  const { commands } = environment.queues
  const messages = await queues.receive(commands, { waitSeconds: 0, visibilitySeconds: 1 })
  const isAnswered = ({ body }: { body: string }) => {
    const { message } = openBody(body, 'command')
    return results(message.runId).length > 0
  }
  await queues.delete(commands, messages.filter(isAnswered))
  await queues.release(
    commands,
    messages.filter((message) => !isAnswered(message)),
  )
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of text.trim().split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}
