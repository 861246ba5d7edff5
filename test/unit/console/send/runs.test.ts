import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { ShownError } from '../../../../src/console/command.ts'
import type { Attempt } from '../../../../src/console/send/attempt.ts'
import { Runs, type SendOutcome, type StartedRun } from '../../../../src/console/send/runs.ts'
import type { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import type { Queues } from '../../../../src/queues/queues.ts'
import { declared } from '../../../support/declared.ts'
import { everyInterleaving, type Stage } from '../../../support/interleavings.ts'
import { hearOf, playedMaster } from '../../../support/playedMaster.ts'
import { playedQueues, queueError } from '../../../support/playedQueues.ts'

const plan = {
  environment: declared('testing'),
  request: { filter: everyone, action: { kind: 'shell', command: 'reboot' } as const, timeoutMs: 60_000 },
}
let directory: string
let history: History
let started: StartedRun[]
let sent: number
let looks: number
let attempts: Attempt[]
const masters: Master[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runs-'))
  history = await History.open(directory)
  ;[started, sent, looks, attempts] = [[], 0, 0, []]
})
afterEach(async () => {
  Reflect.deleteProperty(vscode.window, 'showWarningMessage')
  await Promise.all(masters.splice(0).map((master) => master.close({ forgetReplyQueue: true })))
  await rm(directory, { recursive: true, force: true })
})

function runsWith(parts: {
  queues?: Partial<Queues>
  refresh?: (master: Master) => Promise<void>
  use?: () => Promise<void>
}): Runs {
  const queues = playedQueues({
    send: async () => {
      sent += 1
      return { messageId: 'sent' }
    },
    ...parts.queues,
  })
  const master = playedMaster({ queues, history })
  masters.push(master)
  const connections = {
    refresh: async () => {
      looks += 1
      await parts.refresh?.(master)
      return { master, queues }
    },
    use: async () => {
      await parts.use?.()
      return { master, queues }
    },
  }
  const runs = new Runs(connections, { keep: () => vscode.Uri.file('/text') })
  runs.onDidStart((run) => started.push(run))
  runs.onDidTry((attempt) => attempts.push(attempt))
  return runs
}

/** What the person says to the question, of which the parameters are the sentence and the options. */
function answer(
  say: (sentence: string, options: vscode.MessageOptions) => Promise<string | undefined>,
): void {
  Object.assign(vscode.window, { showWarningMessage: say })
}

describe('Sending', () => {
  it('sends what was confirmed, and tells of the run', async () => {
    answer(async () => 'Run')
    const outcome = await runsWith({}).send(plan, { kind: 'page' }, new AbortController().signal)
    expect(outcome).toMatchObject({ kind: 'sent', started: { origin: 'page' } })
    expect([started, sent]).toEqual([[outcome.kind === 'sent' && outcome.started], 1])
  })

  it('sends nothing when the person says no', async () => {
    answer(async () => undefined)
    const outcome = await runsWith({}).send(plan, { kind: 'page' }, new AbortController().signal)
    expect([outcome, started, sent]).toEqual([{ kind: 'not-sent', why: 'declined' }, [], 0])
  })

  it.each(['its signal', 'its page', 'the end of the window'])(
    'sends nothing once it was stopped, whatever it was waiting for: by %s',
    { timeout: 60_000 },
    async (by) => {
      const kinds = new Set<string>()
      await everyInterleaving(
        async (stage) => {
          ;[started, sent, attempts] = [[], 0, []]
          answer(() => stage.pause('the person').then(() => 'Run'))
          const runs = runsWith(onStage(stage))
          const stop = new AbortController()
          let sentBefore = -1
          stage.act('send', () => runs.send(plan, { kind: 'page' }, stop.signal))
          stage.act('stop', () => {
            // There is no page before it.
            if (by === 'its page' && attempts.length === 0) return
            sentBefore = sent
            if (by === 'its signal') stop.abort()
            else if (by === 'its page') attempts.at(-1)?.stop()
            else runs.dispose()
          })
          const { send } = await stage.play()
          const outcome = (send as PromiseFulfilledResult<SendOutcome>).value
          kinds.add(outcome.kind)
          if (sentBefore === 0)
            expect([outcome, started, sent]).toEqual([{ kind: 'not-sent', why: 'stopped' }, [], 0])
        },
        { usesDisk: true },
      )
      expect(kinds).toEqual(new Set(['not-sent', 'sent']))
    },
  )

  it('keeps the master of its environment from being closed from before it is sent until it is over', async () => {
    answer(async () => 'Run')
    const busy: boolean[] = []
    const { key } = plan.environment
    const runs = runsWith({
      queues: {
        send: async () => {
          busy.push(runs.isBusy(key), runs.isBusy('another'))
          throw queueError('forbidden')
        },
      },
    })
    let changes = 0
    runs.onDidChange(() => {
      changes += 1
    })
    const { signal } = new AbortController()
    await expect(runs.send(plan, { kind: 'page' }, signal)).rejects.toThrow()
    await new Promise(setImmediate)
    expect({ busy, isBusy: runs.isBusy(key), isTold: changes > 0 }).toEqual({
      ...{ busy: [true, false], isBusy: false, isTold: true },
    })
  })

  it('cancels what was just being sent, and shows it as a run', async () => {
    answer(async () => 'Run')
    const stop = new AbortController()
    const runs = runsWith({
      queues: {
        send: async (_queue, _body, signal) => {
          sent += 1
          if (sent === 1) stop.abort()
          signal?.throwIfAborted()
          return { messageId: 'sent' }
        },
      },
    })
    const outcome = await runs.send(plan, { kind: 'page' }, stop.signal)
    expect(outcome).toMatchObject({ kind: 'interrupted', started: { origin: 'page' } })
    expect(started).toHaveLength(1)
    expect(started[0]?.run.state.cancelRequestedAt).toBeDefined()
  })
})

describe('What was confirmed', () => {
  const { signal } = new AbortController()
  const guarded = { ...plan, environment: declared('testing', { protected: true }) }
  const typed = (name: string | undefined) => Object.assign(vscode.window, { showInputBox: async () => name })
  afterEach(() => Reflect.deleteProperty(vscode.window, 'showInputBox'))

  it('is what is sent: agents that come while a person is asked are shown, and asked about', async () => {
    const asked: (string | undefined)[] = []
    const runs = runsWith({})
    const [master] = masters
    answer(async (_, { detail }) => {
      asked.push(detail)
      if (asked.length === 1 && master !== undefined) hearOf(master, 'c')
      return 'Run'
    })
    const outcome = await runs.send(plan, { kind: 'page' }, signal)
    expect(asked).toEqual([
      expect.not.stringContaining('The fleet has changed'),
      expect.stringContaining('The fleet has changed since then. 1 new: c.'),
    ])
    const run = outcome.kind === 'sent' ? outcome.started.run : undefined
    expect([...(run?.state.replies.keys() ?? [])]).toEqual(['a', 'b', 'c'])
  })

  it('is not sent to fewer agents without asking again', async () => {
    const asked: (string | undefined)[] = []
    const seen = [
      { agentId: 'a', hostname: 'a' },
      { agentId: 'z', hostname: 'z1' },
    ]
    answer(async (_, { detail }) => {
      asked.push(detail)
      return undefined
    })
    const outcome = await runsWith({}).send({ ...plan, seen }, { kind: 'flow' }, signal)
    expect(outcome).toEqual({ kind: 'not-sent', why: 'declined' })
    expect(asked).toEqual([expect.stringContaining('1 new: b; 1 gone: z1')])
  })

  it('needs no second question where the review has shown the same agents', async () => {
    const runs = runsWith({})
    const seen = masters[0]?.reach(plan.request).named ?? []
    expect(await runs.send({ ...plan, seen }, { kind: 'flow' }, signal)).toMatchObject({ kind: 'sent' })
  })

  it('is looked at again before it is sent to a protected environment, always', async () => {
    typed('testing')
    expect(await runsWith({}).send(guarded, { kind: 'flow' }, signal)).toMatchObject({ kind: 'sent' })
    expect(looks).toBe(2)
  })

  it('has its name typed again where a second look finds other agents', async () => {
    const prompts: (string | undefined)[] = []
    Object.assign(vscode.window, {
      showInputBox: async ({ prompt }: vscode.InputBoxOptions) => {
        prompts.push(prompt)
        return prompts.length < 3 ? 'testing' : undefined
      },
    })
    const runs = runsWith({
      refresh: async (master) => hearOf(master, `new${looks}`),
    })
    expect(await runs.send(guarded, { kind: 'flow' }, signal)).toEqual({ kind: 'not-sent', why: 'declined' })
    expect(prompts.slice(1)).toEqual([
      expect.stringContaining('1 new: new2'),
      expect.stringContaining('1 new: new3'),
    ])
    expect(sent).toBe(0)
  })
})

function onStage(stage: Stage) {
  return { refresh: () => stage.pause('agents'), use: () => stage.pause('the connection') }
}

describe('An attempt to send', () => {
  const flow = { kind: 'flow' } as const
  const { signal } = new AbortController()

  it('says what is being done from before the first look on, and ends with the run', async () => {
    const stages: string[] = []
    const runs = runsWith({})
    runs.onDidTry((attempt) => {
      stages.push(attempt.stage)
      attempt.watch(() => stages.push(attempt.stage))
    })
    const outcome = await runs.send(plan, flow, signal)
    expect(stages).toEqual(['looking', 'publishing'])
    expect(await attempts[0]?.end).toEqual({ kind: 'ended', outcome })
  })

  it('is confirmed at once where nothing is asked, and otherwise by the answer', async () => {
    const order: string[] = []
    answer(async () => {
      await new Promise(setImmediate)
      order.push('answered')
      return 'Run'
    })
    const runs = runsWith({})
    runs.onDidTry(({ confirmed }) => void confirmed.then(() => order.push('confirmed')))
    await runs.send(plan, flow, signal)
    await runs.send(plan, { kind: 'page' }, signal)
    expect(order).toEqual(['confirmed', 'answered', 'confirmed'])
  })

  it('that fails where nobody watches is an error of its command, and is shown by the page that watches', async () => {
    const failing = () =>
      runsWith({
        refresh: async () => {
          throw queueError('network')
        },
      })
    await expect(failing().send(plan, flow, signal)).rejects.not.toBeInstanceOf(ShownError)
    const runs = failing()
    runs.onDidTry((attempt) => attempt.watch(() => {}))
    await expect(runs.send(plan, flow, signal)).rejects.toBeInstanceOf(ShownError)
    expect(await attempts.at(-1)?.end).toMatchObject({ kind: 'failed' })
    expect([started, sent, (await history.list()).length]).toEqual([[], 0, 0])
  })

  it('keeps no values of secrets', async () => {
    const secret = { kind: 'shell', command: 'deploy', environment: { TOKEN: 'hush' } } as const
    const request = { ...plan.request, action: secret, secrets: ['TOKEN'] }
    await runsWith({}).send({ ...plan, request }, flow, signal)
    expect(JSON.stringify(attempts[0]?.request)).not.toContain('hush')
  })
})
