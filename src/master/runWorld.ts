import { randomUUID } from 'node:crypto'
import type { SigningKey } from '../protocol/envelope.ts'
import type { CommandMessage } from '../protocol/messages.ts'
import type { Environment } from '../queues/environment.ts'
import type { Queues } from '../queues/queues.ts'
import { Broadcast } from './broadcast.ts'
import type { RunWorld } from './run.ts'
import type { Issuer, RunRequest } from './runRequest.ts'
import type { RunState } from './runState.ts'
import type { Timing } from './timing.ts'

/** A message to agents about a run, rather than the run itself. Refusals name its id, not the run's. */
export interface Order {
  readonly orderId: string
  readonly runId: string
  readonly kind: 'cancel' | 'resend'
}

/** Orders do no harm when they are late, and an agent to whom SQS comes back late needs them: the queue's retention. */
const orderTtlMs = 60_000

export interface RunWorldOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly issuer: Issuer
  readonly signingKey: SigningKey | undefined
  readonly timing: Timing
  readonly replyTo: string
  /** What is sent, secrets included; undefined when it is not to be sent (again). */
  readonly action: RunRequest['action'] | undefined
  readonly signal: AbortSignal
  readonly backlogged: (now: number) => boolean
  readonly onOrder: (order: Order) => void
  readonly onTrouble: (error: Error) => void
}

/** A run's way to the agents: what it wants becomes command messages on the environment's broadcast queue. */
export function createRunWorld(options: RunWorldOptions): RunWorld {
  const { environment, queues, issuer, signingKey, timing, replyTo, action, signal } = options
  const broadcast = new Broadcast(queues, environment.queues.commands, signingKey)

  const send = (
    { request }: RunState,
    message: Pick<CommandMessage, 'runId' | 'filter' | 'action' | 'ttlMs'>,
    targets: readonly string[] | undefined,
  ) => {
    const { timeoutMs, outputLimitBytes } = request
    return broadcast.publish(
      {
        ...{ type: 'command', environment: environment.name, issuedAt: Date.now(), issuer, replyTo },
        ...message,
        timeoutMs,
        ...(targets === undefined ? {} : { targets: [...targets] }),
        ...(outputLimitBytes === undefined ? {} : { outputLimitBytes }),
      },
      signal,
    )
  }

  /** For the agents of the run whatever their facts are by now, so it goes to them by name. */
  const order = (
    state: RunState,
    orderAction: Extract<CommandMessage['action'], { kind: Order['kind'] }>,
    targets: readonly string[],
  ) => {
    const orderId = randomUUID()
    options.onOrder({ orderId, runId: state.runId, kind: orderAction.kind })
    return send(state, { runId: orderId, filter: '*', action: orderAction, ttlMs: orderTtlMs }, targets)
  }

  return {
    timing,
    now: Date.now,
    publish: async (state, targets) => {
      if (action === undefined) return
      const { runId, request } = state
      await send(state, { runId, filter: request.filter, action, ttlMs: timing.responseTimeoutMs }, targets)
    },
    cancel: (state, targets) => order(state, { kind: 'cancel', runId: state.runId }, targets),
    resend: (state, targets, missing, result) =>
      order(state, { kind: 'resend', runId: state.runId, missing, result }, targets),
    withdraw: () => broadcast.withdraw(signal),
    backlogged: options.backlogged,
    onTrouble: options.onTrouble,
  }
}
