import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Action, requiring } from '../../../src/protocol/action.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { stagePartners } from '../../support/partnerStage.ts'

const stage = stagePartners()

const versions = [
  {
    who: '5fa5438',
    old: true,
    reason: 'This version of the agent does not know the action "requires moon, tide".',
  },
  {
    who: 'this version',
    old: false,
    reason:
      'This version of the agent does not support "moon", "tide", which the command requires. Upgrade the agent.',
  },
]

describe.each(versions)('an agent of $who', ({ old, reason }) => {
  let environment: Environment
  let fleet: AgentFleet
  let commander: Commander
  let executed: string

  beforeAll(async () => {
    environment = await stage.sqs.environment(old ? 'requiresold' : 'requiresnew')
    fleet = await startAgents(environment, 1, old ? { command: stage.partner.agent } : {})
    commander = startCommander(stage.sqs.connect(), environment)
    executed = join(await stage.masters.newDirectory(), 'executed')
  })
  afterAll(async () => {
    await commander?.stop()
    await fleet?.stop()
  })

  const shell = (): Action => ({ kind: 'shell', command: `touch ${executed}` })

  /** What an agent says to a command that was sent before this one has been read and decided on. */
  const answered = async (runId: string) => {
    const ping = await commander.send({ kind: 'ping' })
    await commander.result(ping)
    return commander.heard(runId).map(({ message }) => message.type)
  }

  it('refuses a command that requires parts which it does not know, names them, and executes nothing', async () => {
    const later = { moon: 'full', tide: 'high' } as Partial<CommandMessage>
    const runId = await commander.send(requiring(shell(), ['moon', 'tide']), later)
    expect(await commander.wait(runId, 'refusal')).toMatchObject({ code: 'unsupported', reason })
    expect([existsSync(executed), await answered(runId)]).toEqual([false, ['refusal']])
  })

  it('is silent when such a command is not for it', async () => {
    const runId = await commander.send(requiring(shell(), ['moon', 'tide']), { filter: 'role=db' })
    expect([existsSync(executed), await answered(runId)]).toEqual([false, []])
  })

  it('refuses to cancel and to send again by such a command', async () => {
    for (const action of [
      { kind: 'cancel' as const, runId: 'run-elsewhere' },
      { kind: 'resend' as const, runId: 'run-elsewhere', missing: [], result: true },
    ]) {
      const runId = await commander.send(requiring(action, ['moon']))
      expect(await commander.wait(runId, 'refusal')).toMatchObject({ code: 'unsupported' })
    }
  })

  it('passes over a field that nothing requires', async () => {
    const runId = await commander.send({ kind: 'ping' }, { moon: 'full' } as Partial<CommandMessage>)
    expect((await commander.result(runId)).result.outcome).toEqual({ kind: 'exited', code: 0 })
  })

  it('refuses an action and a filter that it does not know', async () => {
    const action = await commander.send({ kind: 'teleport' })
    expect(await commander.wait(action, 'refusal')).toMatchObject({ code: 'unsupported' })
    const filter = await commander.send(shell(), { filter: 'role resembles web' })
    expect(await commander.wait(filter, 'refusal')).toMatchObject({ code: 'filter' })
    expect(existsSync(executed)).toBe(false)
  })
})
