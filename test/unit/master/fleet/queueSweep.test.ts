import { describe, expect, it } from 'vitest'
import { sweepQueue } from '../../../../src/master/fleet/queueSweep.ts'
import type { SweepEnd } from '../../../../src/master/fleet/sweepResult.ts'
import type { QueueError } from '../../../../src/queues/queueError.ts'
import { createDice } from '../../../support/faults/dice.ts'
import { createModelQueue, type ModelOptions, type ModelQueue } from '../../../support/modelQueue.ts'
import { queueError, receivedBody } from '../../../support/playedQueues.ts'
import { createVirtualTime, type VirtualTime } from '../../../support/virtualTime.ts'

type Way = Omit<ModelOptions, 'time' | 'dice'>
type Sqs = ModelQueue['queues']

interface Outcome {
  readonly end: SweepEnd
  readonly missed: number
  readonly requests: number
}

const half = { empty: 0.5 }
const late = { counts: 0 }

describe('First sweeps of a fleet of which nobody is known', () => {
  const often: [string, Way][] = [
    ['counts are 0, and half of the short polls empty', { ...late, ...half }],
    ['counts are four fifths, and half of the short polls empty', { counts: 0.8, ...half }],
  ]
  describe.each(often)('when %s', (_, way) => {
    it.each([50, 200, 1_000])(
      'of %i agents never miss one without saying that they may, in 1,000 sweeps',
      async (agents) => {
        const outcomes = await sweepOften(agents, way, 1_000)
        expect(silentMisses(outcomes)).toEqual([])
        expect(unsure(outcomes)).toBeLessThan(10)
      },
      120_000,
    )
  })

  const ways: [string, Way][] = [
    ['counts are right, and every short poll shows what is there', {}],
    ['counts are 0', late],
    ['a short poll asks 5 of 20 servers, and counts are 0', { ...late, servers: { all: 20, asked: 5 } }],
    [
      'a receive brings three messages, counts are 0, half of the short polls empty',
      { most: 3, ...late, ...half },
    ],
    ['SQS is 250 ms away, counts are 0', { ...late, roundTripMs: 250 }],
  ]
  describe.each(ways)('when %s', (_, way) => {
    it.each([50, 200, 1_000])(
      'of %i agents never miss one without saying that they may',
      async (agents) => {
        const outcomes = await sweepOften(agents, way, 100)
        expect(silentMisses(outcomes)).toEqual([])
        expect(unsure(outcomes)).toBeLessThan(10)
      },
      120_000,
    )
  })

  it.each([
    [50, 20],
    [1_000, 260],
  ])(
    'of %i agents that are all known take no more than %i requests, most of them for what is read',
    async (agents, most) => {
      const outcomes = await sweepOften(agents, {}, 20, { knows: 'all' })
      expect(outcomes.map(({ end, missed }) => `${end} ${missed}`)).toEqual(outcomes.map(() => 'known 0'))
      expect(Math.max(...outcomes.map(({ requests }) => requests))).toBeLessThanOrEqual(most)
    },
  )

  it.each([
    [2, 50, {}],
    [2, 1_000, {}],
    [4, 50, late],
    [4, 200, late],
    [2, 1_000, late],
  ])(
    'of %i masters at a time, on %i agents, never miss one without saying that they may: %o',
    async (masters, agents, way) => {
      const outcomes = await sweepOften(agents, way, 50, { masters })
      expect(silentMisses(outcomes)).toEqual([])
    },
  )

  it('end after a minute at most, and say that they are unsure, while SQS brings more and more', async () => {
    const dice = createDice(1)('flood')
    const time = createVirtualTime(dice)
    let count = 0
    const receive: Sqs['receive'] = async () => {
      await time.pause(20)
      return Array.from({ length: 10 }, () => {
        count += 1
        return { ...receivedBody(`garbage ${count}`), sentAt: 0 }
      })
    }
    const sweeping = sweepQueue({
      ...{ queues: { ...createModelQueue({ time, dice }).queues, receive }, queue: 'facts', time },
      ...{ reader: readAgents().reader, sqsNow: 1, knows: 'nobody', onNotPutBack: () => {} },
    })
    expect(await time.play(sweeping)).toMatchObject({ end: 'unsure' })
    expect(time.now()).toBeLessThan(62_000)
  })

  it('that cannot put messages back have read them all the same, and say why', async () => {
    const dice = createDice(1)('refused')
    const time = createVirtualTime(dice)
    const model = createModelQueue({ time, dice })
    for (let agent = 0; agent < 30; agent += 1) model.put(`${agent} 0`)
    const { reader, met } = readAgents()
    const refused: QueueError[] = []
    const release = () => Promise.reject(queueError('forbidden'))
    const sweeping = sweepQueue({
      ...{ queues: { ...model.queues, release }, queue: 'facts', reader, time, sqsNow: 1, knows: 'some' },
      onNotPutBack: (error) => refused.push(error),
    })
    expect(await time.play(sweeping)).toMatchObject({ end: 'proved', messages: 30 })
    expect(met.size).toBe(30)
    expect(refused).toMatchObject([{ kind: 'forbidden' }])
  })

  it('would miss those whom others hide, if they were content with late counts', async () => {
    const outcomes = await sweepOften(50, late, 50, { masters: 2, knows: 'some' })
    expect(silentMisses(outcomes).length).toBeGreaterThan(10)
  })

  it('would miss agents without a word if they did not end with a long poll', async () => {
    const outcomes = await sweepOften(50, { ...late, servers: { all: 20, asked: 5 } }, 100, {
      through: withoutLongPolls,
      knows: 'some',
    })
    expect(silentMisses(outcomes).length).toBeGreaterThan(10)
  })
})

function silentMisses(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter(({ end, missed }) => missed > 0 && end !== 'unsure')
}

function unsure(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ end }) => end === 'unsure').length
}

/** Takes away that sweeps ask by long polls. */
function withoutLongPolls(queues: Sqs): Sqs {
  return {
    ...queues,
    receive: (queue, options) => queues.receive(queue, { ...options, waitSeconds: 0 }),
  }
}

interface Sweeping {
  /** How the sweep reaches its queue. */
  readonly through?: (queues: Sqs) => Sqs
  readonly knows?: 'nobody' | 'some' | 'all'
  /** Masters that sweep at the same time. */
  readonly masters?: number
}

async function sweepOften(agents: number, way: Way, times: number, sweeping: Sweeping = {}) {
  const outcomes: Outcome[] = []
  for (let n = 0; n < times; n += 1) outcomes.push(...(await sweepOnce(agents, way, n, sweeping)))
  return outcomes
}

async function sweepOnce(
  agents: number,
  way: Way,
  seed: number,
  { through = (queues) => queues, knows = 'nobody', masters = 1 }: Sweeping,
): Promise<Outcome[]> {
  const dice = createDice(seed)('sweep')
  const time = createVirtualTime(dice)
  const model = createModelQueue({ ...way, time, dice })
  for (let agent = 0; agent < agents; agent += 1) model.put(`${agent} 0`)
  await time.play(time.pause(2_000))
  const talking = talk(time, model, agents)
  const queues = through(model.queues)
  const sweep = async (): Promise<Outcome> => {
    // Nobody begins at the very same moment.
    await time.pause(dice.between([0, 300]))
    const { reader, met } = readAgents(knows === 'all' ? agents : undefined)
    const { end } = await sweepQueue({
      ...{ queues, queue: 'facts', reader, sqsNow: time.now(), time, knows },
      onNotPutBack: () => {},
    })
    return { end, missed: agents - met.size, requests: model.requests }
  }
  const outcomes = await time.play(Promise.all(Array.from({ length: masters }, sweep)))
  talking.stop()
  return outcomes
}

/** Agents go on sending, each of them every 27 s. */
function talk(time: VirtualTime, model: ModelQueue, agents: number): { stop(): void } {
  let isOver = false
  const run = async () => {
    for (let n = 0; !isOver; n += 1) {
      await time.pause(27_000 / agents)
      model.put(`${n % agents} ${1 + Math.floor(n / agents)}`)
    }
  }
  void run()
  return {
    stop() {
      isOver = true
    },
  }
}

/** Bodies are made of the agent's number and the message's. */
function readAgents(expected?: number) {
  const met = new Set<string>()
  return {
    met,
    reader: {
      get hasAll() {
        return met.size === expected
      },
      read(_: unknown, body: string) {
        const [from = ''] = body.split(' ')
        met.add(from)
        return { from, superseded: [] }
      },
    },
  }
}
