import { LocalizableError, say } from '../text/localizable.ts'
import type { Run } from './engine/run.ts'
import type { Inventory } from './fleet/inventory.ts'
import type { MasterWarning, Rejected } from './masterWarning.ts'
import type { Disposition, ReceivedReply } from './replies/replySorter.ts'
import type { ControlMessage } from './sending/runTransport.ts'

/** Control messages are known by their ids until so many have come after them: long enough for agents to refuse them. */
const rememberedOrders = 1_000

export interface ReplyDeliveryParts {
  readonly inventory: Pick<Inventory, 'identify' | 'answered'>
  /** The run with this id, also when it has to be taken up first; or whose it is. */
  readonly runOf: (runId: string) => Promise<Run | Exclude<Disposition, 'kept'>>
  readonly onWarning: (warning: MasterWarning) => void
  /** A reply that no run was given. */
  readonly onRejected: (warning: Extract<MasterWarning, { kind: keyof Rejected }>) => void
}

/** Gives replies to the runs that they are for, and says which of them were kept. */
export class ReplyDelivery {
  readonly #parts: ReplyDeliveryParts
  readonly #orders = new Map<string, ControlMessage>()

  constructor(parts: ReplyDeliveryParts) {
    this.#parts = parts
  }

  /** Remembers a control message: agents that refuse it name its id, not the run's. */
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
    // What the disk did not take stays with SQS, for a master with more room.
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
    if (identity === 'mismatch') {
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
