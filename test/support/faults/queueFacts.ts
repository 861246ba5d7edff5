import type { Dice } from './dice.ts'
import { type Rule, strike } from './faultPlan.ts'
import { answerWith, requestWith, type WireAnswer, type WireRequest } from './wire.ts'

interface Asking {
  readonly forward: (request: WireRequest) => Promise<WireAnswer>
  readonly rules: Iterable<Rule>
  readonly dice: Dice
  readonly count: (fault: string) => void
}

type Attributes = Record<string, string>

const counts = [
  ...['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  'ApproximateNumberOfMessagesDelayed',
]

/** What SQS says of its queues, which is not always what is: numbers lag, and so do attributes that were changed. */
export class QueueFacts {
  readonly #retentions = new Map<string, Promise<number>>()
  /** What was counted, oldest first, by queue. */
  readonly #counted = new Map<string, { readonly at: number; readonly numbers: Attributes }[]>()
  /** What attributes were before they were changed, by queue. */
  readonly #before = new Map<string, { readonly at: number; readonly attributes: Attributes }>()

  /** Asked for once. */
  retentionMs(request: WireRequest, forward: Asking['forward']): Promise<number> {
    const known = this.#retentions.get(request.queue)
    if (known !== undefined) return known
    const input = { QueueUrl: request.input.QueueUrl ?? '', AttributeNames: ['MessageRetentionPeriod'] }
    const asked = forward(requestWith(request, input, 'GetQueueAttributes')).then(
      (answer) => Number(attributesOf(answer).MessageRetentionPeriod) * 1000,
    )
    this.#retentions.set(request.queue, asked)
    return asked
  }

  /** Changes attributes, and keeps what they were where somebody may be told that. */
  async change(request: WireRequest, { forward, rules, dice }: Asking): Promise<WireAnswer> {
    const asked = requestWith(
      request,
      { QueueUrl: request.input.QueueUrl ?? '', AttributeNames: ['All'] },
      'GetQueueAttributes',
    )
    const isTold = strike(rules, 'old-attributes', asked, dice) !== undefined
    const attributes = isTold ? attributesOf(await forward(asked)) : undefined
    const answer = await forward(request)
    if (attributes !== undefined && answer.status === 200)
      this.#before.set(request.queue, { at: Date.now(), attributes })
    return answer
  }

  async ask(request: WireRequest, asking: Asking): Promise<WireAnswer> {
    const answer = await asking.forward(request)
    if (answer.status !== 200) return answer
    const told = attributesOf(answer)
    this.#countLate(request, told, asking)
    this.#tellOld(request, told, asking)
    miscount(request, told, asking)
    const untold = strike(asking.rules, 'untold', request, asking.dice)
    for (const name of untold?.names ?? []) {
      if (told[name] === undefined) continue
      asking.count('untold')
      delete told[name]
    }
    return answerWith(answer, { Attributes: told })
  }

  #countLate(request: WireRequest, told: Attributes, { rules, dice, count }: Asking): void {
    const lag = strike(rules, 'lag', request, dice)
    if (lag === undefined || told.ApproximateNumberOfMessages === undefined) return
    count('lag')
    const now = Date.now()
    const counted = this.#counted.get(request.queue) ?? []
    counted.push({ at: now, numbers: { ...told } })
    const known = counted.filter(({ at }) => at <= now - lag.ms)
    // Of what is too old to be told again, only the newest is.
    this.#counted.set(request.queue, counted.slice(Math.max(0, known.length - 1)))
    for (const name of counts) if (told[name] !== undefined) told[name] = known.at(-1)?.numbers[name] ?? '0'
  }

  #tellOld(request: WireRequest, told: Attributes, { rules, dice, count }: Asking): void {
    const old = strike(rules, 'old-attributes', request, dice)
    const before = this.#before.get(request.queue)
    if (old === undefined || before === undefined || Date.now() - before.at >= old.ms) return
    count('old-attributes')
    for (const name of Object.keys(told)) {
      if (counts.includes(name)) continue
      const value = before.attributes[name]
      if (value === undefined) delete told[name]
      else told[name] = value
    }
  }
}

function miscount(request: WireRequest, told: Attributes, { rules, dice, count }: Asking): void {
  const rule = strike(rules, 'miscount', request, dice)
  if (rule === undefined) return
  count('miscount')
  for (const name of counts) {
    const share = 1 + (rule.by * dice.between([-100, 100])) / 100
    if (told[name] !== undefined) told[name] = String(Math.round(Number(told[name]) * share))
  }
}

function attributesOf({ body }: WireAnswer): Attributes {
  return (JSON.parse(body.toString('utf8')) as { Attributes?: Attributes }).Attributes ?? {}
}
