import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { Outbox } from '../../../../agent/src/replies/outbox.ts'
import { isThrowAwayReplyQueue } from '../../../../src/protocol/names.ts'
import { toQueueError } from '../../../../src/queues/queueError.ts'
import type { Queues } from '../../../../src/queues/queues.ts'

const hour = 3600_000

let clock: number
let ending: AbortController
let logged: string[]
/** Names of queues in the order of the attempts to send to them. */
let attempts: string[]

beforeEach(() => {
  clock = 1_000_000
  vi.spyOn(performance, 'now').mockImplementation(() => clock)
  ending = new AbortController()
  logged = []
  attempts = []
})

afterEach(() => {
  ending.abort()
  vi.restoreAllMocks()
})

const isThrowAway = (queue: string) => isThrowAwayReplyQueue('testing', queue)

/** Every attempt takes so long, and then fails with this code of SQS; but not where the queue's name says `fine`. */
function outbox(code: string, attemptMs = 0): Outbox {
  const queues = {
    async sendBatch(queue: string, bodies: readonly string[]) {
      attempts.push(queue)
      clock += attemptMs
      if (queue.includes('fine')) return bodies.map(() => ({ messageId: 'id' }))
      throw toQueueError({ name: code, message: '' }, { queue, action: 'sqs:SendMessage', region: 'here' })
    },
  } as Partial<Queues> as Queues
  const log = createLog('debug', (line) => logged.push(line), Date.now)
  return new Outbox(queues, {
    signal: ending.signal,
    log,
    isOwn: (queue) => queue === 'fine_facts',
    isThrowAway,
  })
}

/** Throttled once; the next attempt ends with the agent. */
function throttledThenCut(secondAttempt: () => void): Outbox {
  let sends = 0
  const queues = {
    async sendBatch(queue: string, _: readonly string[], signal: AbortSignal) {
      sends += 1
      if (sends === 1)
        throw toQueueError(
          { name: 'ThrottlingException', message: '' },
          { queue, action: 'sqs:SendMessage', region: 'here' },
        )
      const cut = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      secondAttempt()
      return cut
    },
  } as Partial<Queues> as Queues
  const log = createLog('debug', (line) => logged.push(line), Date.now)
  return new Outbox(queues, { signal: ending.signal, log, isOwn: () => true, isThrowAway })
}

async function settled(sent: Promise<unknown>): Promise<string> {
  let state = 'waits'
  sent.then(
    () => {
      state = 'sent'
    },
    () => {
      state = 'given up'
    },
  )
  for (let turns = 0; turns < 5; turns += 1) await turn()
  return state
}

describe.each([
  ['does not exist', 'QueueDoesNotExist'],
  ['may not be used', 'AccessDenied'],
])('a queue that %s', (_, code) => {
  it('is tried for a day, for what must arrive', async () => {
    expect(await settled(outbox(code, 23 * hour).send('testing_a-1_agent', 'result'))).toBe('waits')
    expect(await settled(outbox(code, 25 * hour).send('testing_a-1_agent', 'result'))).toBe('given up')
  })

  it('is tried for a minute, for what may get lost', async () => {
    expect(await settled(outbox(code, 30_000).offer('testing_a-1_agent', 'ack'))).toBe('waits')
    const hasty = outbox(code, 90_000)
    expect(await hasty.offer('testing_a-1_agent', 'ack')).toBe(false)
    await hasty.idle()
  })
})

describe('a throw-away reply queue', () => {
  const queue = 'testing_0f3a9c2e-0_agent'

  it('that is missing for two minutes is gone for good: nobody waits for what must arrive', async () => {
    const box = outbox('QueueDoesNotExist', 50_000)
    const sent = box.send(queue, 'result')
    expect(await settled(sent)).toBe('waits')
    clock += 130_000
    await expect(sent).rejects.toThrow('the master has ended')
    expect(logged.some((line) => line.includes('works again'))).toBe(false)
  })

  it('is not given up sooner, as a new one is known everywhere only after a minute', async () => {
    const sent = outbox('QueueDoesNotExist').send(queue, 'result')
    expect(await settled(sent)).toBe('waits')
    clock += 115_000
    expect(await settled(sent)).toBe('waits')
  })

  it('is not given up at the first answer, however long the body has waited for the network', async () => {
    const sent = outbox('QueueDoesNotExist', hour).send(queue, 'result')
    expect(await settled(sent)).toBe('waits')
  })

  it('is tried for a day where it may not be used, as any other', async () => {
    const sent = outbox('AccessDenied', hour).send(queue, 'result')
    clock += hour
    expect(await settled(sent)).toBe('waits')
  })

  it('is no other queue: one that the configuration names, or of a master that comes back', async () => {
    const box = outbox('QueueDoesNotExist', 0)
    const sent = box.send('testing_0f3a9c2e-1_agent', 'result')
    expect(await settled(sent)).toBe('waits')
    clock += hour
    expect(await settled(sent)).toBe('waits')
  })
})

describe('a queue in trouble', () => {
  it('does not work again because the agent ends', async () => {
    let box: Outbox | undefined
    let sent: Promise<void> | undefined
    await new Promise<void>((secondAttempt) => {
      box = throttledThenCut(secondAttempt)
      sent = box.send('fine_facts', 'facts')
    })
    ending.abort()
    await expect(sent).rejects.toThrow()
    await box?.idle()
    expect(logged.some((line) => line.includes('Sending to fine_facts'))).toBe(true)
    expect(logged.filter((line) => line.includes('works again'))).toEqual([])
  })
})

describe('queues that cannot be used', () => {
  const dead = Array.from({ length: 40 }, (_, index) => `testing_dead-${index}_agent`)

  it('are not tried without end for what may get lost, and do not stand in the way of the rest', async () => {
    const box = outbox('QueueDoesNotExist')
    for (const queue of dead) box.post(queue, 'refusal')
    await turn()
    expect(attempts).toEqual(dead.slice(0, 32))
    expect(logged.filter((line) => line.includes('Dropped a message')).length).toBe(8)
    expect(await box.offer('testing_fine-1_agent', 'ack')).toBe(false)
    expect(await box.offer('fine_facts', 'facts')).toBe(true)
    await box.send('testing_fine-1_agent', 'result')
    expect(attempts.at(-1)).toBe('testing_fine-1_agent')
  })

  it('give their place to others after a minute', async () => {
    const box = outbox('QueueDoesNotExist', 90_000)
    for (const queue of dead) expect(await box.offer(queue, 'refusal')).toBe(false)
    expect(attempts).toEqual(dead)
  })
})

describe('the largest body that a queue takes', () => {
  const asked: string[] = []
  const withLimit = (bytes: number) => {
    const queues = {
      async maximumMessageSize(queue: string) {
        asked.push(queue)
        return bytes
      },
    } as Partial<Queues> as Queues
    const log = createLog('debug', (line) => logged.push(line), Date.now)
    return new Outbox(queues, {
      signal: ending.signal,
      log,
      isOwn: (queue) => queue === 'own',
      isThrowAway: () => false,
    })
  }
  beforeEach(() => void asked.splice(0))

  it('is not asked for where 64 KB are enough for a queue that a master has made', async () => {
    expect(await withLimit(262_144).bodyLimit('testing_m-1_agent', 65_536)).toBe(65_536)
    expect(asked).toEqual([])
  })

  it('is asked for where a body is larger', async () => {
    expect(await withLimit(262_144).bodyLimit('testing_m-1_agent', 65_537)).toBe(262_144)
    expect(asked).toEqual(['testing_m-1_agent'])
  })

  it('is asked for of a queue of the configuration, which may take less', async () => {
    expect(await withLimit(4_096).bodyLimit('own', 5_000)).toBe(4_096)
    expect(asked).toEqual(['own'])
  })
})
