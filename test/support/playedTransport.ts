import type { Run } from '../../src/master/engine/run.ts'
import type { Look, RunTransport } from '../../src/master/engine/transport.ts'
import type { ReceiveTrouble } from '../../src/run/receiveTrouble.ts'
import type { Hearing } from '../../src/run/replyTimeout.ts'
import { defaultTiming } from '../../src/run/timing.ts'

/** A run's way to agents that the test plays: what it says is taken down, and time passes when it is told to. */
export interface PlayedWorld extends RunTransport {
  hears: Hearing
  away: ReceiveTrouble | undefined
  /** What a look at the queue finds. */
  sees: Look
  readonly said: string[]
  readonly troubles: string[]
  time: number
  pass(run: Run, ms: number): Promise<void>
}

export function createWorld(): PlayedWorld {
  const said: string[] = []
  const troubles: string[] = []
  const world: PlayedWorld = {
    ...{
      said,
      troubles,
      hears: 'all',
      away: undefined,
      sees: { kind: 'seen' },
      time: 1000,
      timing: defaultTiming,
    },
    now: () => world.time,
    async publish(_, targets) {
      said.push(`publish to ${targets ?? 'everyone'}`)
      return 'sent'
    },
    cancel: async (_, targets) => void said.push(`cancel ${targets}`),
    resend: async (_, targets, missing, result) =>
      void said.push(`resend to ${targets}: ${missing}${result ? ', and the result' : ''}`),
    askEveryone: async () => void said.push('ask everyone'),
    withdraw: async () => void said.push('withdraw'),
    withdrawControl: async () => {
      said.push('withdraw control messages')
      return 0
    },
    look: async () => world.sees,
    hearing: () => world.hears,
    trouble: () => world.away,
    onWarning: (error) => void troubles.push(error.message),
    pass: async (run, ms) => {
      world.time += ms
      await run.tick()
    },
  }
  return world
}
