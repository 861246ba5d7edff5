import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { commandCost, remainingCost } from '../../../src/master/commandCost.ts'
import { costDetails } from '../../../src/master/costDetails.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { knownAgent } from '../../support/knownAgent.ts'

const frame = {
  ...{ environment: 'testing', issuer: { name: 'ada', host: 'laptop' }, replyTo: 'testing_0-1_agent' },
  ...{ limitBytes: 64 * 1024, key: undefined },
}
const uptime = { kind: 'shell', command: 'uptime' } as const
/** Of bytes that do not compress. */
const script = (bytes: number): RunRequest['action'] => {
  const content = randomBytes(bytes).toString('base64')
  return { kind: 'script', name: 'deploy.sh', content, args: [] }
}
const reachOf = (agents: number, known = agents) => ({
  named: Array.from({ length: agents }, (_, index) =>
    knownAgent(`i-${index.toString(16).padStart(17, '0')}`),
  ),
  known,
})

function cost(request: Partial<RunRequest>, agents: number, limitBytes = frame.limitBytes, known = agents) {
  const whole = { filter: everyone, action: uptime, timeoutMs: 60_000, ...request }
  return commandCost(whole, reachOf(agents, known), { ...frame, limitBytes })
}

function told(...parts: Parameters<typeof cost>): string | undefined {
  const [detail] = costDetails(cost(...parts), inEnglish)
  return detail && `${detail.name}: ${detail.value}`
}

describe('What the rest of a rollout costs', () => {
  const rollout = { canary: 1, batch: { count: 40 } }
  const whole: RunRequest = { filter: everyone, action: script(30_000), timeoutMs: 60_000, rollout }
  const request = { ...whole, filter: '*' }
  const steps = [1, 40, 40, 19].map((size, step) =>
    Array.from({ length: size }, (_, index) => `i-${step}-${index.toString().padStart(15, '0')}`),
  )
  const rest = (stepsStarted: number) => {
    const left = remainingCost({ request, steps, stepsStarted, isRolloutOver: false }, 100, frame)
    if (left.kind === 'too-large') throw new Error('too large')
    return left
  }

  it('is that of the whole before its first step, and less with each step that has started', () => {
    const all = commandCost(whole, reachOf(100), frame)
    expect(rest(0)).toMatchObject({
      kind: 'sendable',
      messages: 4,
      requests: { least: expect.closeTo(1_000, -4) },
    })
    expect(all.kind === 'sendable' && rest(0).requests.least / all.requests.least).toBeCloseTo(1, 1)
    const messages = [0, 1, 2, 3, 4].map((started) => rest(started).messages)
    expect(messages).toEqual([4, 3, 2, 1, 0])
    const least = [0, 1, 2, 3, 4].map((started) => rest(started).requests.least)
    expect(least).toEqual(least.toSorted((one, other) => other - one))
    expect(least[4]).toBe(0)
    // All agents of the environment receive a command, also the only one of its step; the replies are of its step.
    expect(rest(3).requests.least).toBeCloseTo(rest(2).requests.least / 2, -2)
  })

  it('is told with its bytes and price, or that it cannot be sent', () => {
    const large = { ...request, action: script(100_000) }
    const costs = (limitBytes: number) =>
      costDetails(
        remainingCost({ request: large, steps, stepsStarted: 2, isRolloutOver: false }, 100, {
          ...frame,
          limitBytes,
        }),
        inEnglish,
      )
    expect(costs(256 * 1024)[0]?.value).toMatch(/^2 messages, 26\d KB together\. SQS bills [\d,]+ to/)
    expect(costs(64 * 1024)[0]?.name).toBe('Cannot be sent')
  })
})

describe('What a command costs', () => {
  it('is not worth a line where it is one small message for some thousand agents', () => {
    expect([1, 400, 3_500].map((agents) => told({}, agents))).toEqual([undefined, undefined, undefined])
  })

  it('is told from a cent on', () => {
    expect(told({}, 10_000)).toMatch(
      /^Size and cost: 1 message of \d+ KB\. SQS bills [\d,]+ to [\d,]+ requests for it, \$0\.0\d+ to \$0\.\d+\.$/,
    )
  })

  it('is told for what SQS bills as more than one request, however few the agents', () => {
    expect(told({ action: script(100_000) }, 3, 256 * 1024)).toMatch(/^Size and cost: 1 message of 13\d KB\./)
  })

  it('is told for several messages', () => {
    expect(told({ action: script(28_000) }, 10_000)).toMatch(/^Size and cost: 2 messages, 11\d KB together\./)
  })

  it('counts what is sent, what each agent of the environment receives of it, and the replies', () => {
    // Visible for a second: five receives. For a minute: 64.
    const small = {
      messages: 1,
      isLarge: false,
      requests: { least: 1 + 10 * 5 + 2, most: 1 + 10 * 64 + 2 * 2 },
    }
    expect(cost({}, 2, undefined, 10)).toMatchObject(small)
    const large = { messages: 1, isLarge: true, requests: { least: 3 + 3 * 10 * 5 + 2 } }
    expect(cost({ action: script(100_000) }, 2, 256 * 1024, 10)).toMatchObject(large)
  })

  it('counts each step of a rollout, which all agents receive', () => {
    const rollout = { canary: 1, batch: { count: 1 } }
    expect(cost({ rollout }, 100)).toMatchObject({
      messages: 100,
      requests: { least: 100 + 100 * 100 * 5 + 100 },
    })
    expect(told({ rollout }, 100)).toMatch(
      /^Size and cost: 100 messages, \d+ KB together\. SQS bills 50,200 to /,
    )
  })

  it('is that of one message without targets where it is for agents that are not seen yet', () => {
    expect(cost({ unseen: 'included', action: script(1_000) }, 10_000)).toMatchObject({
      messages: 1,
      isLarge: false,
    })
  })

  it('is not known of a command that cannot be sent, for a reason', () => {
    expect(told({ action: script(60_000) }, 3)).toMatch(
      /^Cannot be sent: This command takes 8\d{4} bytes, and the MaximumMessageSize of the queue is 65536\./,
    )
  })
})
