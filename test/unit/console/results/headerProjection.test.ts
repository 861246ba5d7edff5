import { describe, expect, it } from 'vitest'
import { runHeader } from '../../../../src/console/results/headerProjection.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import { say } from '../../../../src/text/localizable.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { agentIdOf, type SimulatedRun, withSimulatedRun } from '../../../support/simulatedRun.ts'

const headerOf = ({ run }: SimulatedRun) => {
  const { trouble, nextStepAt } = run
  const moment = { live: true, now: 0, trouble, nextStepAt, t: inEnglish }
  return runHeader(run.state, { name: 'production', protected: false }, moment)
}

describe('The head of a page', () => {
  it('says when the last agent that runs reaches its time limit, and nothing once none runs', () =>
    withSimulatedRun(['web1', 'web2'], { timeoutMs: 60_000 }, async (simulated) => {
      simulated.ack('web1')
      simulated.pass(5_000)
      simulated.ack('web2')
      const { startedAt = 0 } = simulated.run.state.replies.get(agentIdOf('web2')) ?? {}
      expect(headerOf(simulated).limitAt).toBe(startedAt + 60_000)
      for (const host of ['web1', 'web2']) simulated.finish(host, 0)
      expect(headerOf(simulated).limitAt).toBeUndefined()
    }))

  it('counts who has confirmed a cancel, and who is still to confirm it, without those that refused', () =>
    withSimulatedRun(['web1', 'web2', 'web3'], {}, async (simulated) => {
      for (const host of ['web1', 'web2', 'web3']) simulated.ack(host)
      expect(headerOf(simulated).cancelling).toBeUndefined()
      await simulated.run.cancel()
      simulated.finish('web1', { kind: 'cancelled', started: true })
      simulated.run.orderRefused(agentIdOf('web2'), 'cancel', 'not allowed')
      expect(headerOf(simulated).cancelling).toMatchObject({ confirmed: 1, toConfirm: 1 })
      simulated.finish('web2', 0)
      simulated.finish('web3', { kind: 'cancelled', started: true })
      expect(headerOf(simulated).cancelling).toBeUndefined()
    }))

  it('says of how many agents the output was cut for the sake of the run', () =>
    withSimulatedRun(['web1', 'web2'], {}, async (simulated) => {
      expect(headerOf(simulated).cutAgents).toBeUndefined()
      const cut = (host: string, by: 'agent' | 'run') =>
        applyEvent(simulated.run.state, { kind: 'outputCut', agentId: agentIdOf(host), by, at: 1 })
      cut('web1', 'run')
      cut('web2', 'agent')
      expect(headerOf(simulated).cutAgents).toBe(1)
    }))

  it('says why replies cannot be received, as long as any is awaited', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.away({ since: 5, why: say('SQS is away') })
      await simulated.tick()
      expect(headerOf(simulated).trouble).toEqual({ since: 5, why: 'SQS is away' })
      simulated.finish('web1', 0)
      expect(headerOf(simulated).trouble).toBeUndefined()
    }))
})
