import { randomUUID } from 'node:crypto'
import type { CommandMessage } from '../../protocol/messages.ts'
import type { Environment } from '../../queues/environment.ts'
import { QueueError } from '../../queues/queueError.ts'
import type { Queues } from '../../queues/queues.ts'
import type { Issuer, RunRequest } from '../../run/runRequest.ts'
import type { RunState } from '../../run/runState.ts'
import type { Timing } from '../../run/timing.ts'
import type { Signer } from '../../signing/signer.ts'
import type { RunTransport } from '../engine/transport.ts'
import { Broadcast } from './broadcast.ts'

/** A control message: about a run, rather than its command. A refusal of it names its id, not the run's. */
export interface ControlMessage {
  readonly orderId: string
  readonly runId: string
  readonly kind: 'cancel' | 'resend'
}

/** Lifetime of control messages, the queue's retention: late ones do no harm, and an agent that reconnects late needs them. */
const orderTtlMs = 60_000

/** The fields of a command that are not the same in all commands of a run. */
type Content = Pick<CommandMessage, 'runId' | 'issuedAt' | 'filter' | 'action' | 'ttlMs'>

export interface RunTransportOptions {
  readonly environment: Environment
  readonly queues: Queues
  readonly issuer: Issuer
  readonly signer: Signer | undefined
  readonly timing: Timing
  readonly replyTo: string
  /** The action to send, with secrets; undefined when it must not be sent (again). */
  readonly action: RunRequest['action'] | undefined
  readonly signal: AbortSignal
  readonly hearing: RunTransport['hearing']
  readonly trouble: RunTransport['trouble']
  /** Called with who sent the command according to AWS, once that is known. */
  readonly onSender: (senderId: string) => void
  readonly onControlMessage: (order: ControlMessage) => void
  readonly onWarning: (error: Error) => void
}

/** Sends what a run needs as command messages on the environment's broadcast queue. */
export function createRunTransport(options: RunTransportOptions): RunTransport {
  const { environment, queues, issuer, signer, timing, replyTo, action, signal } = options
  const broadcast = new Broadcast(queues, environment.queues.commands, signer, options.onSender)

  /** Converts a time of our clock to SQS's clock. */
  const bySqs = (at: number) => Math.max(0, Math.round(at + (queues.clockOffsetMs ?? 0)))

  const send = (
    { request }: RunState,
    content: Content,
    targets: readonly string[] | undefined,
    stop: AbortSignal,
  ) => {
    const { timeoutMs, outputLimitBytes } = request
    return broadcast.publish(
      {
        ...{ type: 'command', environment: environment.name, issuer, replyTo },
        ...content,
        timeoutMs,
        ...(targets === undefined ? {} : { targets: [...targets] }),
        ...(outputLimitBytes === undefined ? {} : { outputLimitBytes }),
      },
      stop,
    )
  }

  const order = async (
    state: RunState,
    orderAction: Extract<CommandMessage['action'], { kind: ControlMessage['kind'] }>,
    { filter, targets }: { filter: string; targets: readonly string[] | undefined },
  ) => {
    const orderId = randomUUID()
    options.onControlMessage({ orderId, runId: state.runId, kind: orderAction.kind })
    const issuedAt = bySqs(Date.now())
    const content = { runId: orderId, issuedAt, filter, action: orderAction, ttlMs: orderTtlMs }
    if ((await send(state, content, targets, signal)) !== 'sent') throw signal.reason
  }

  /** Targets agents of the run, whatever their facts are by now. */
  const named = (targets: readonly string[]) => ({ filter: '*', targets })

  let mayLook = true
  const look: RunTransport['look'] = async (what, agentIds, since) => {
    if (!mayLook) return { kind: 'inconclusive' }
    try {
      return await broadcast.look(what === 'cancel', agentIds, since, signal)
    } catch (error) {
      mayLook = !(error instanceof QueueError && error.kind === 'forbidden')
      if (!mayLook) options.onWarning(error as Error)
      throw error
    }
  }

  return {
    timing,
    now: Date.now,
    publish: async (state, targets, stop) => {
      if (action === undefined) return 'not-sent'
      const { runId, request } = state
      const { filter } = request
      const issuedAt = bySqs(firstSentAt(state, targets))
      const content = { runId, issuedAt, filter, action, ttlMs: timing.responseTimeoutMs }
      return send(state, content, targets, AbortSignal.any([signal, stop]))
    },
    cancel: (state, targets) => {
      const { runId } = state
      return order(
        state,
        { kind: 'cancel', runId, issuedAt: bySqs(firstSentAt(state, targets)) },
        named(targets),
      )
    },
    resend: (state, targets, missing, result) =>
      order(state, { kind: 'resend', runId: state.runId, missing, result }, named(targets)),
    askEveryone: (state) => {
      const { runId, request } = state
      const { filter, targets } = request
      const audience = targets === undefined ? { filter, targets } : named(targets)
      return order(state, { kind: 'resend', runId, missing: [], result: true }, audience)
    },
    withdraw: async () => void (await broadcast.withdraw(signal)),
    withdrawControl: (time) => broadcast.withdraw(signal, ({ at, isControl }) => isControl && at < time),
    look,
    hearing: options.hearing,
    trouble: options.trouble,
    onWarning: options.onWarning,
  }
}

/** When the command was first sent to any of these agents (or of all): our clock, milliseconds. */
function firstSentAt({ replies, startedAt }: RunState, targets: readonly string[] | undefined): number {
  let first = Number.POSITIVE_INFINITY
  for (const agentId of targets ?? replies.keys()) {
    first = Math.min(first, replies.get(agentId)?.sentAt ?? Number.POSITIVE_INFINITY)
  }
  return first === Number.POSITIVE_INFINITY ? startedAt : first
}
