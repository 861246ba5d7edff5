import { LocalizableError, say } from '../text/localizable.ts'
import type { Run } from './engine/run.ts'
import type { Inventory } from './fleet/inventory.ts'
import type { MasterWarning, RejectedReply } from './masterWarning.ts'
import type { Disposition, ReceivedReply } from './replies/replySorter.ts'
import type { ControlMessage } from './sending/runTransport.ts'

/** Number of latest control messages whose ids are remembered: enough for agents to refuse them. */
const rememberedOrders = 1_000

export interface ReplyDeliveryParts {
  readonly inventory: Pick<Inventory, 'identify' | 'answered'>
  /** The run with this id, resumed first if necessary; or why it is not ours. */
  readonly runOf: (runId: string) => Promise<Run | Exclude<Disposition, 'kept'>>
  readonly onWarning: (warning: MasterWarning) => void
  /** Called with each reply that was given to no run. */
  readonly onRejected: (warning: RejectedReply) => void
}

/** Delivers replies to their runs, and returns which of them were stored. */
export class ReplyDelivery {
  readonly #parts: ReplyDeliveryParts
  readonly #orders = new Map<string, ControlMessage>()

  constructor(parts: ReplyDeliveryParts) {
    this.#parts = parts
  }

  /** Remembers a control message: a refusal of it names its id, not the run's. */
  remember(order: ControlMessage): void {
    this.#orders.set(order.orderId, order)
    const [oldest] = this.#orders.keys()
    if (oldest !== undefined && this.#orders.size > rememberedOrders) this.#orders.delete(oldest)
  }

  async deliver(deliveries: readonly ReceivedReply[]): Promise<Disposition[]> {
    const touched = new Set<Run>()
    const takers: (Run | Exclude<Disposition, 'kept'>)[] = []
    for (const delivery of deliveries) {
      const { reply } = delivery
      const order = this.#orders.get(reply.runId)
      const run = await this.#parts.runOf(order?.runId ?? reply.runId)
      takers.push(run)
      if (typeof run === 'string') continue
      this.#accept(run, delivery, order)
      touched.add(run)
    }
    const unkept = new Set<Run>()
    for (const run of touched) {
      await run.flush().catch((error) => {
        this.#parts.onWarning({ kind: 'run', runId: run.runId, error })
        unkept.add(run)
      })
    }
    // Replies that could not be written to disk stay on the queue, to be received again.
    return takers.map((run) => (typeof run === 'string' ? run : unkept.has(run) ? 'elsewhere' : 'kept'))
  }

  #accept(
    run: Run,
    { reply, data, senderId, sentAt }: ReceivedReply,
    order: ControlMessage | undefined,
  ): void {
    const { inventory, onRejected, onWarning } = this.#parts
    const { runId } = run
    const { agentId } = reply
    const identity = inventory.identify(agentId, senderId)
    if (identity === 'forged') {
      run.receive(reply, data, identity)
      onRejected({ kind: 'forged', runId, agentId, senderId })
      return
    }
    if (order === undefined) run.receive(reply, data, identity)
    else if (reply.type === 'refusal') {
      run.orderRefused(agentId, order.kind, reply.reason)
      const error = new LocalizableError(
        order.kind === 'cancel'
          ? say('{0} refused to cancel: {1}', reply.hostname, reply.reason)
          : say('{0} refused to send its reply again: {1}', reply.hostname, reply.reason),
      )
      onWarning({ kind: 'run', runId, error })
    }
    inventory.answered(agentId, sentAt)
  }
}
