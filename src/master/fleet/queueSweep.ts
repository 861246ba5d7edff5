import type { QueueError } from '../../queues/queueError.ts'
import type { Queues } from '../../queues/queues.ts'
import { retry } from '../../queues/retry.ts'
import { hideSecondsFor } from './hideTime.ts'
import { PutBack } from './putBack.ts'
import type { SweepEnd, SweepResult } from './sweepResult.ts'
import { realTime, type SweepTime } from './sweepTime.ts'
import { type SweepReader, SweptMessages } from './sweptMessages.ts'

/** Receivers at a time. Each request takes about 20 ms to SQS and back. */
const mostReceivers = 8

/** A receiver leaves after this many of its short polls in a row brought nothing, or this many of all receivers. */
const mostEmpty = { own: 2, all: 4 }

/** A receive that fails for a reason that may pass is tried this often, or the others of the sweep were for nothing. */
const receiveTries = 4

/**
 * On a queue that is never empty, as agents go on sending: this many long polls, one every so often and over this many
 * milliseconds, must have brought nothing but what was sent after the sweep began, and fewer messages than SQS brings at a
 * time. Without that for `atMost` milliseconds it is not known whether the queue is read.
 */
const series = { polls: 2, everyMs: 250, ms: 1_000, atMost: 5_000 }

/** While others read the queue: until nothing new came for this long, or for three rounds, milliseconds. */
const patienceMs = 8_000

/** Where nothing was found, others may hold everything, until they have read it: longer than that takes, seconds. */
const nobodySeconds = 4

/** Turns of masters that read at the same time: how many at most, and how long one is at most, milliseconds. */
const turns = { most: 8, longestMs: 500 }

/** A count that an engine does not tell: nothing is known of what others hide. */
const notTold = -1

/** What was on the queue when a sweep began has expired by then, milliseconds. */
const mostMs = 60_000

export interface QueueSweepOptions {
  readonly queues: Pick<Queues, 'receive' | 'attributes' | 'delete' | 'release'>
  readonly queue: string
  readonly reader: SweepReader
  /** SQS's clock, milliseconds since the epoch. */
  readonly sqsNow: number
  /**
   * What the reader knows already. `nobody`: others who read at the same time must not make it miss anybody. `some`: who is
   * missed is known from before. `all`: it is enough to meet everybody whom it expects.
   */
  readonly knows: 'nobody' | 'some' | 'all'
  /**
   * Called when messages could not be put back: others see them some seconds later; or when superseded ones could not be
   * deleted.
   */
  readonly onNotPutBack: (error: QueueError) => void
  readonly signal?: AbortSignal | undefined
  readonly time?: SweepTime | undefined
}

/**
 * Reads a queue that others read as well, from end to end. With visibility 0 SQS would bring the same messages again and
 * again, so they are hidden for a moment while they are read, and put back. SQS's counts are approximate and a minute late,
 * and a short poll may bring nothing although messages are there: so a sweep ends by what it saw. A long poll that brings
 * nothing proves that nothing is left but what others hide. When somebody may be hiding messages, everything is put back and
 * read again, in turns with the others: a round that meets everybody again who was met before was not disturbed.
 * @throws QueueError when the queue cannot be read
 */
export async function sweepQueue(options: QueueSweepOptions): Promise<SweepResult> {
  const sweep = new QueueSweep(options)
  const end = await sweep.run()
  return { messages: sweep.messages, end, waitedMs: sweep.waitedMs }
}

class QueueSweep {
  readonly #o: QueueSweepOptions
  readonly #time: SweepTime
  readonly #swept: SweptMessages
  readonly #back: PutBack
  readonly #startedAt: number
  #roundAt: number
  /** Rounds in which others took messages, as far as we know. */
  #contested = 0
  /** Rounds in a row that met the same as those before, and nothing else. */
  #undisturbed = 0
  #emptyInRow = 0
  waitedMs = 0
  /** To SQS and back, as quick as it was. */
  #wayMs: number | undefined

  constructor(options: QueueSweepOptions) {
    this.#o = options
    this.#back = new PutBack(options)
    this.#time = options.time ?? realTime
    this.#startedAt = this.#time.now()
    this.#roundAt = this.#startedAt
    this.#swept = new SweptMessages(options.reader, options.sqsNow, () => this.#time.now())
  }

  get messages(): number {
    return this.#swept.count
  }

  /** As in a flood. */
  get #isTooLong(): boolean {
    return this.#time.now() - this.#startedAt > mostMs
  }

  async run(): Promise<SweepEnd> {
    try {
      for (let round = 1; ; round += 1) {
        const end = await this.#readRound(round)
        if (end !== undefined) return end
        const now = this.#time.now()
        const patience = Math.max(patienceMs, 3 * (now - this.#roundAt))
        if (now - this.#swept.lastNewsAt > patience) return 'unsure'
        await this.#putBack()
        await this.#takeTurn()
        this.#roundAt = this.#time.now()
        this.#swept.beginRound()
      }
    } finally {
      await this.#putBack()
    }
  }

  /** Undefined when others may have hidden messages from this round. */
  async #readRound(round: number): Promise<SweepEnd | undefined> {
    const { queues, queue, reader, knows, signal } = this.#o
    for (;;) {
      await this.#drain()
      if (this.#isTooLong) return 'unsure'
      if (knows === 'all' && reader.hasAll) return 'known'
      const { notVisible = notTold } = await queues.attributes(queue, signal)
      const { hidden, isSameAsBefore } = this.#swept
      // A number that is a little too high is no reason to doubt a round that met everybody again.
      const tolerated = isSameAsBefore ? Math.floor(this.messages / 2) : 0
      if (notVisible > hidden + tolerated) return this.#disturbed()
      if (!this.#swept.hasMetAllAgain) {
        // What was put back and is not there is hidden by others.
        if ((await this.#receive(1)).isNews) continue
        return this.#disturbed()
      }
      const left = await this.#whatIsLeft()
      if (left === 'unknown') return 'unsure'
      if (left === 'something') continue
      // Counts that do not even have what we hide are late, and do not tell what others hide.
      const areCountsGood = notVisible >= hidden && hidden > 0
      if (areCountsGood || knows !== 'nobody' || this.messages === 0) return 'proved'
      if (round > 1 && !this.#swept.isSameAsBefore) return this.#disturbed()
      if (round > 1) this.#undisturbed += 1
      return this.#undisturbed >= roundsFor(this.messages) ? 'proved' : undefined
    }
  }

  #disturbed(): undefined {
    this.#contested += 1
    this.#undisturbed = 0
  }

  /** Reads with more and more receivers for as long as they bring something. */
  async #drain(): Promise<void> {
    const receivers = new Set<Promise<void>>()
    const failures: unknown[] = []
    const start = () => {
      if (receivers.size >= mostReceivers || failures.length > 0) return
      const receiver = receive()
        .catch((error) => failures.push(error))
        .then(() => void receivers.delete(receiver))
      receivers.add(receiver)
    }
    const receive = async () => {
      let empty = 0
      while (empty < mostEmpty.own && this.#emptyInRow < mostEmpty.all && !this.#isTooLong) {
        const { isNews, count } = await this.#receive(0)
        empty = isNews ? 0 : empty + 1
        this.#emptyInRow = isNews ? 0 : this.#emptyInRow + 1
        if (isNews && count >= this.#swept.mostAtOnce) start()
      }
    }
    this.#emptyInRow = 0
    start()
    while (receivers.size > 0) await Promise.all(receivers)
    if (failures.length > 0) throw failures[0]
  }

  /** Asks by long polls, which SQS answers with nothing only when nothing can be shown. */
  async #whatIsLeft(): Promise<'nothing' | 'something' | 'unknown'> {
    const from = this.#time.now()
    let polls = 0
    while (this.#time.now() - from < series.atMost) {
      const askedAt = this.#time.now()
      const { isNews, count } = await this.#receive(this.messages === 0 ? nobodySeconds : 1)
      if (isNews) return 'something'
      if (count === 0) return 'nothing'
      if (count >= this.#swept.mostAtOnce) {
        // Agents send faster than one receiver reads.
        const more = await Promise.all([this.#receive(0), this.#receive(0), this.#receive(0)])
        if (more.some((one) => one.isNews)) return 'something'
        continue
      }
      polls += 1
      if (polls >= series.polls && this.#time.now() - from >= series.ms) return 'nothing'
      const restMs = askedAt + series.everyMs - this.#time.now()
      if (restMs > 0) await this.#wait(restMs)
    }
    return 'unknown'
  }

  async #receive(waitSeconds: number): Promise<{ isNews: boolean; count: number }> {
    const { queues, queue, signal } = this.#o
    const askedAt = this.#time.now()
    const course = { messages: this.messages, elapsedMs: askedAt - this.#roundAt, wayMs: this.#wayMs ?? 0 }
    const visibilitySeconds = hideSecondsFor(course)
    const once = () => queues.receive(queue, { waitSeconds, visibilitySeconds }, signal)
    const messages = await retry(receiveTries, once, signal)
    if (waitSeconds > 0) this.waitedMs += this.#time.now() - askedAt
    else this.#wayMs = Math.min(this.#wayMs ?? mostMs, this.#time.now() - askedAt)
    return { isNews: this.#swept.take(messages, visibilitySeconds * 1000), count: messages.length }
  }

  /** Lets others read. The more often they got in one another's way, the more turns there are to choose from. */
  async #takeTurn(): Promise<void> {
    const roundMs = Math.min(this.#time.now() - this.#roundAt, turns.longestMs)
    const turn = Math.floor(this.#time.random() * Math.min(2 ** this.#contested, turns.most))
    await this.#wait(turn * roundMs + 20 + 80 * this.#time.random())
  }

  async #wait(ms: number): Promise<void> {
    this.waitedMs += ms
    await this.#time.pause(ms, this.#o.signal)
  }

  #putBack(): Promise<void> {
    const { superseded, current } = this.#swept.letGo()
    return this.#back.settle(superseded, current)
  }
}

/** Rounds that must meet the same messages again: of a few it may be chance that nobody else has taken one. */
function roundsFor(messages: number): number {
  return messages < 20 ? 2 : 1
}
