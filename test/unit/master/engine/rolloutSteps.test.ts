import { describe, expect, it } from 'vitest'
import { RolloutSteps } from '../../../../src/master/engine/rolloutSteps.ts'
import type { Publication } from '../../../../src/master/engine/transport.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import { type RunState, startRunState } from '../../../../src/run/runState.ts'
import { everyInterleaving, type Stage } from '../../../support/interleavings.ts'

describe('The steps of a run', () => {
  it('send nothing once they were stopped, and say truly what became of a step, whenever that is', async () => {
    const outcomes = new Set<unknown>()
    const orders = await everyInterleaving(async (stage) => {
      const { steps, state, sqs } = stepsOn(stage)
      stage.act('start', () => steps.start())
      stage.act('stop', async () => {
        await steps.stop()
        sqs.mayTake = false
      })
      const { start } = await stage.play()
      const outcome = start?.status === 'fulfilled' ? start.value : 'failed'
      outcomes.add(outcome)
      // Whatever SQS was told counts as sent, and nothing else does.
      expect(outcome === 'not-sent').toBe(!sqs.wasTold)
      expect(outcome === 'sent').toBe(sqs.hasTaken)
      expect(state.counts).toMatchObject(sqs.wasTold ? { expected: 2 } : { 'not-started': 2 })
      expect(state.phase).toBe(sqs.wasTold ? 'running' : 'over')
    })
    expect(orders).toHaveLength(5)
    expect(outcomes).toEqual(new Set<Publication>(['sent', 'not-sent', 'interrupted']))
  })

  it('that could not be recorded are not sent, whether they are stopped or not', async () => {
    await everyInterleaving(async (stage) => {
      const { steps, state, sqs } = stepsOn(stage, new Error('the disk is full'))
      stage.act('start', () => steps.start())
      stage.act('stop', () => steps.stop())
      const { start, stop } = await stage.play()
      expect(start).toMatchObject({ status: 'rejected', reason: new Error('the disk is full') })
      expect(stop?.status).toBe('fulfilled')
      expect([sqs.wasTold, state.counts['not-started']]).toEqual([false, 2])
    })
  })
})

/** Steps of a run with two agents, whose disk and whose SQS take their time on the stage. */
function stepsOn(stage: Stage, refusal?: Error): { steps: RolloutSteps; state: RunState; sqs: PlayedSqs } {
  const request = { filter: '*', action: { kind: 'ping' } as const, timeoutMs: 1000 }
  const issuer = { name: 'ada', host: 'laptop' }
  const state = startRunState({ runId: 'r', environment: 'testing', request, issuer, startedAt: 1 })
  const agents = ['a', 'b'].map((agentId) => ({ agentId, hostname: agentId }))
  applyEvent(state, { kind: 'agentsExpected', agents, steps: [['a', 'b']] })
  const sqs: PlayedSqs = { wasTold: false, hasTaken: false, mayTake: true }
  const steps = new RolloutSteps({
    state,
    record: {
      async flush() {
        await stage.pause('the disk')
        if (refusal !== undefined) throw refusal
      },
      summarize: async () => {},
    },
    transport: {
      now: () => 1,
      async publish(_state, _targets, stop) {
        await stage.pause('the size limit')
        if (stop.aborted) return 'not-sent'
        sqs.wasTold = true
        await stage.pause('the request')
        if (stop.aborted) return 'interrupted'
        expect(sqs.mayTake).toBe(true)
        sqs.hasTaken = true
        return 'sent'
      },
      onWarning: (error) => {
        throw error
      },
    },
    apply: (event) => void applyEvent(state, event),
    onCountdown: () => {},
  })
  return { steps, state, sqs }
}

interface PlayedSqs {
  wasTold: boolean
  hasTaken: boolean
  /** Until the steps say that they have stopped. */
  mayTake: boolean
}
