import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../../src/cli/arguments.ts'
import { Declined } from '../../../src/cli/confirm.ts'
import { type SettleParts, settleTargets, UnexpectedCount } from '../../../src/cli/targets.ts'
import type { Master } from '../../../src/master/master.ts'
import { History } from '../../../src/master/store/history.ts'
import type { Facts } from '../../../src/protocol/facts.ts'
import { everyone } from '../../../src/protocol/filter/writtenFilter.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { hearOf, playedMaster } from '../../support/playedMaster.ts'
import { playedQueues } from '../../support/playedQueues.ts'

let directory: string
let history: History
const masters: Master[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'targets-'))
  history = await History.open(directory)
})
afterEach(async () => {
  await Promise.all(masters.splice(0).map((master) => master.close({ forgetReplyQueue: true })))
  await rm(directory, { recursive: true, force: true })
})

const reboot: RunRequest = {
  filter: everyone,
  action: { kind: 'shell', command: 'reboot\u202e\nrm -rf /srv' },
  timeoutMs: 60_000,
}

/** Settles the targets of a command to `a` and `b`, with a person who gives these answers, or with none. */
function settle({
  answers,
  args = {},
  request = reboot,
  isProtected = false,
  onAsk = () => {},
  others = [],
  facts,
  limitBytes = 64 * 1024,
}: {
  answers?: readonly string[]
  args?: Partial<SettleParts['args']>
  request?: RunRequest
  isProtected?: boolean
  onAsk?: (master: Master, question: number) => void
  others?: readonly string[]
  /** Of one more agent, `c`. */
  facts?: Facts
  limitBytes?: number
}) {
  const master = playedMaster(
    { queues: playedQueues({ maximumMessageSize: async () => limitBytes }), history },
    { protected: isProtected },
  )
  masters.push(master)
  for (const agentId of others) hearOf(master, agentId)
  if (facts !== undefined) hearOf(master, 'c', facts)
  const told: string[] = []
  const asked: string[] = []
  let looks = 0
  const settled = settleTargets({
    ...{ master, request, signal: new AbortController().signal },
    args: { confirm: undefined, yes: false, expect: undefined, quiet: false, ...args },
    person: {
      isThere: answers !== undefined,
      tell: (text) => told.push(text),
      ask: async (question) => {
        asked.push(question)
        onAsk(master, asked.length)
        return answers?.[asked.length - 1] ?? ''
      },
    },
    look: async () => {
      looks += 1
      return true
    },
  })
  return { settled, told, asked, looks: () => looks }
}

describe('Without a terminal', () => {
  it('shows the hosts and sends, as long as nothing is protected', async () => {
    const { settled, told, asked } = settle({})
    expect(await settled).toBe(true)
    expect([told, asked]).toEqual([['Targets (2 of 2 agents): a,b'], []])
  })

  it('shows what a large command costs, too, and sends none that is too large for its queue', async () => {
    const action = (bytes: number): RunRequest['action'] => {
      const content = randomBytes(bytes).toString('base64')
      return { kind: 'script', name: 'deploy.sh', content, args: [] }
    }
    const large = settle({ request: { ...reboot, action: action(100_000) }, limitBytes: 256 * 1024 })
    expect(await large.settled).toBe(true)
    expect(large.told).toEqual([
      expect.stringMatching(/a,b\nSize and cost: 1 message of 13\d KB\. SQS bills 3\d to /),
    ])
    const { settled, told } = settle({ request: { ...reboot, action: action(100_000) } })
    await expect(settled).rejects.toThrow(/^This command takes 13\d{4} bytes, and the MaximumMessageSize/)
    expect(told).toEqual([])
  })

  it('is quiet about them where it was told to be, unless some are missing', async () => {
    const quiet = settle({ args: { quiet: true } })
    await quiet.settled
    expect(quiet.told).toEqual([])
    const missing = settle({ args: { quiet: true }, request: { ...reboot, targets: ['a', 'z'] } })
    await missing.settled
    expect(missing.told).toEqual([expect.stringContaining('Not seen now, but named as targets (1): z')])
  })

  it('sends nothing to a protected environment whose name is not repeated', async () => {
    await expect(settle({ isProtected: true }).settled).rejects.toThrow(UsageError)
    await expect(settle({ isProtected: true, args: { yes: true } }).settled).rejects.toThrow(UsageError)
    await expect(settle({ isProtected: true, args: { confirm: 'production' } }).settled).rejects.toThrow(
      UsageError,
    )
    expect(await settle({ isProtected: true, args: { confirm: 'testing' } }).settled).toBe(true)
  })
})

describe('At a terminal', () => {
  it('shows all of the command and its targets, and asks', async () => {
    const { settled, told, asked } = settle({ answers: ['y'] })
    expect(await settled).toBe(true)
    expect(told).toEqual([
      [
        ...['Command:', '    reboot<U+202E>', '    rm -rf /srv'],
        ...['User: default of the agent', 'Directory: default of the agent'],
        ...['Timeout: 60 s', 'Rollout: all at once', 'Targets (2 of 2 agents): a,b'],
      ].join('\n'),
    ])
    expect(asked).toEqual(['Send it to 2 agents of testing? [Y/n] '])
  })

  it.each([
    ['Enter alone, to a few', '', [], true],
    ['Enter alone, to more than ten', '', Array.from('cdefghijk'), false],
    ['yes, to more than ten', 'YES', Array.from('cdefghijk'), true],
    ['no', 'n', [], false],
    ['anything else', 'send', [], false],
  ])('takes for an answer: %s', async (_, answer, others, isSent) => {
    const { settled } = settle({ answers: [answer], others })
    if (isSent) expect(await settled).toBe(true)
    else await expect(settled).rejects.toThrow(Declined)
  })

  it('takes Enter alone for a no where agents are missing', async () => {
    const { settled } = settle({ answers: [''], request: { ...reboot, targets: ['a', 'z'] } })
    await expect(settled).rejects.toThrow(Declined)
  })

  it('takes Enter alone for a no where agents will refuse the signature, and says so also where it is quiet', async () => {
    const facts = { agent: { policy: { signatures: 'required', accepts: [], accepted_keys: 0 } } }
    const { settled, told } = settle({ answers: [''], facts })
    await expect(settled).rejects.toThrow(Declined)
    const said = 'Refused for the signature (1): no key signs for this environment: c'
    expect(told).toEqual([expect.stringContaining(said)])
    const quiet = settle({ args: { quiet: true }, facts })
    await quiet.settled
    expect(quiet.told).toEqual([expect.stringContaining(said)])
  })

  it('does not ask about what changes nothing, nor after --yes', async () => {
    for (const more of [
      { args: { yes: true } },
      { request: { ...reboot, action: { kind: 'ping' as const } } },
    ]) {
      const { settled, asked } = settle({ answers: [], ...more })
      expect([await settled, asked]).toEqual([true, []])
    }
  })

  it('has the name of a protected environment typed, whatever --yes says, and looks again after that', async () => {
    const { settled, asked, looks } = settle({ answers: ['testing'], isProtected: true, args: { yes: true } })
    expect(await settled).toBe(true)
    expect([asked, looks()]).toEqual([['testing is protected. Type its name to continue: '], 2])
    await expect(settle({ answers: ['yes'], isProtected: true }).settled).rejects.toThrow(Declined)
  })

  it('asks again when the agents have changed while it was asked, and says how', async () => {
    const { settled, told, asked } = settle({
      answers: ['y', 'n'],
      onAsk: (master, question) => question === 1 && hearOf(master, 'c'),
    })
    await expect(settled).rejects.toThrow(Declined)
    expect(asked).toHaveLength(2)
    expect(told).toContain('The fleet has changed since then. 1 new: c.')
  })
})

describe('--expect', () => {
  it('sends to exactly so many agents, and to no other number', async () => {
    expect(await settle({ args: { expect: 2 } }).settled).toBe(true)
    const { settled, asked } = settle({ args: { expect: 3 }, answers: ['y'] })
    await expect(settled).rejects.toThrow(
      new UnexpectedCount('2 agents match, and --expect says 3. Nothing was sent.\na,b'),
    )
    expect(asked).toEqual([])
    const nobody = settle({ args: { expect: 1 }, request: { ...reboot, targets: [] } })
    await expect(nobody.settled).rejects.toThrow('0 agents match, and --expect says 1. Nothing was sent.')
  })

  it('holds for the look after the answer, too', async () => {
    const { settled } = settle({
      ...{ answers: ['y', 'y'], args: { expect: 2 } },
      onAsk: (master) => hearOf(master, 'c'),
    })
    await expect(settled).rejects.toThrow('3 agents match, and --expect says 2. Nothing was sent.')
  })
})
