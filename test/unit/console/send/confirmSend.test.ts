import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { ConfirmedRun } from '../../../../src/console/send/confirmSend.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { type Reach, reachOf } from '../../../../src/master/fleet/reach.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'
import { calls } from '../../../support/vscodeStandIn.mjs'

const plan = {
  environment: declared('testing'),
  request: { filter: everyone, action: { kind: 'shell' as const, command: 'reboot' }, timeoutMs: 1000 },
}
const reach = reachOf({ ...unknownFleet, agents: [knownAgent('web1')] }, plan.request)
const { signal } = new AbortController()
const documents = { keep: () => vscode.Uri.file('/text') }
/** What the person will say to the question. */
const answer = (value: string | undefined) =>
  Object.assign(vscode.window, { showWarningMessage: async () => value })

afterEach(() => Reflect.deleteProperty(vscode.window, 'showWarningMessage'))

describe('A confirmed run', () => {
  it('is what a person said yes to, with those whom the question named', async () => {
    answer('Run')
    const confirmed = await ConfirmedRun.ask(
      plan,
      reach,
      undefined,
      { kind: 'page' },
      undefined,
      signal,
      documents,
    )
    expect(calls.at(-1)?.args[0]).toContain('Run “reboot” on EVERY agent of testing (1 known)')
    expect(confirmed?.plan).toBe(plan)
    expect(confirmed?.reach).toBe(reach)
  })

  it('is none when they said no', async () => {
    answer(undefined)
    expect(
      await ConfirmedRun.ask(plan, reach, undefined, { kind: 'page' }, undefined, signal, documents),
    ).toBeUndefined()
  })

  it.each(['before it was asked', 'while it was asked'])(
    'is none when the send was stopped %s',
    async (when) => {
      answer('Run')
      const stop = new AbortController()
      if (when === 'before it was asked') stop.abort()
      const asking = ConfirmedRun.ask(
        plan,
        reach,
        undefined,
        { kind: 'page' },
        undefined,
        stop.signal,
        documents,
      )
      stop.abort()
      expect(await asking).toBeUndefined()
    },
  )

  it('cannot be made in another way', () => {
    const send = (_: ConfirmedRun) => {}
    // @ts-expect-error Only `ask` makes one: the compiler refuses what merely looks like it.
    send({ plan, reach: reach as Reach })
    // @ts-expect-error Its constructor is its own.
    expect(() => new ConfirmedRun(plan, reach)).not.toThrow()
  })
})
