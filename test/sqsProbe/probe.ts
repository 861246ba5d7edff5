import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import type { Connection } from '../../src/queues/sqsClient.ts'
import { type Answer, createAsking } from './asking.ts'
import { type Bench, createBenches, type Patience, Refused, usualPatience } from './bench.ts'
import type { ProbedRow } from './recorded.ts'
import { type Row, type Seen, unclear } from './row.ts'

export interface ProbeOptions {
  readonly connection: Connection
  readonly rows: readonly Row[]
  readonly patience?: Patience
  /** Stops the rows; the queues are deleted all the same. */
  readonly signal: AbortSignal
  /** Called as each row is seen. */
  readonly onRow?: (row: ProbedRow) => void
  /** Called with the names of the queues before they are deleted. */
  readonly onCleaning?: (names: readonly string[]) => void
}

export interface ProbeResult {
  /** In the order of `rows`; without those that were stopped. */
  readonly rows: readonly ProbedRow[]
  /** What SQS bills, approximately. */
  readonly billed: number
  /** Queues that could not be deleted, each with the reason. */
  readonly left: readonly string[]
}

/** Most rows at a time. */
const lanes = 8

/** What all names of queues begin with. */
export const namePrefix = 'ec2-collective-probe'

/**
 * Asks SQS what each row wants to know, in throw-away queues that are deleted whatever happens.
 * @throws Error when the endpoint cannot be reached or does not accept the caller
 */
export async function runProbe(options: ProbeOptions): Promise<ProbeResult> {
  const {
    connection,
    rows,
    patience = usualPatience,
    signal,
    onRow = () => {},
    onCleaning = () => {},
  } = options
  // Many rows wait for it at a time; Node would warn of a leak.
  setMaxListeners(0, signal)
  const asking = createAsking(connection)
  const prefix = `${namePrefix}-${randomBytes(4).toString('hex')}`
  try {
    await checkAccess(asking.ask, prefix)
    const { benchFor, names, clean } = createBenches(asking, { connection, prefix, patience, signal })
    const seen = new Map<Row, ProbedRow>()
    const waiting = rows.toSorted((a, b) => Number(b.isSlow ?? false) - Number(a.isSlow ?? false))
    const lane = async () => {
      for (let row = waiting.shift(); row !== undefined && !signal.aborted; row = waiting.shift()) {
        const found = await look(row, signal, benchFor)
        if (found === undefined) return
        seen.set(row, found)
        onRow(found)
      }
    }
    try {
      await Promise.all(Array.from({ length: lanes }, lane))
    } finally {
      onCleaning(names)
    }
    const left = await clean()
    return { rows: rows.flatMap((row) => seen.get(row) ?? []), billed: asking.billed, left }
  } finally {
    asking.close()
  }
}

/** What requests and queues of these rows cost at most, in requests that SQS bills. */
export function mostBilled(rows: readonly Row[]): number {
  return 1 + Math.ceil(rows.reduce((sum, { requests }) => sum + requests, 0))
}

async function checkAccess(ask: Bench['ask'], prefix: string): Promise<void> {
  const { refusal } = await ask(new GetQueueUrlCommand({ QueueName: prefix }))
  if (refusal === undefined || refusal.kind === 'missing-queue') return
  throw new Error(`${refusal.code}: ${refusal.text}`)
}

/** Answers that are shown where a row names none that show what differs: it has judged by its last ones. */
const lastShown = 3

/** Undefined when it was stopped. */
async function look(
  row: Row,
  signal: AbortSignal,
  benchFor: (onAnswer: (answer: Answer) => void) => Bench,
): Promise<ProbedRow | undefined> {
  const last: Answer[] = []
  const bench = benchFor((answer) => {
    last.push(answer)
    if (last.length > lastShown) last.shift()
  })
  try {
    const seen = await row.look(bench)
    const isShown = seen.verdict === 'same' || seen.evidence.length > 0
    return probed(row, isShown ? seen : { ...seen, evidence: last })
  } catch (error) {
    if (signal.aborted) return undefined
    const evidence = error instanceof Refused ? [error.answer] : []
    return probed(row, unclear((error as Error).message, { evidence }))
  }
}

function probed({ name, assumed, matters }: Row, { verdict, seen, evidence, replay }: Seen): ProbedRow {
  return {
    ...{ name, assumed, matters, verdict, seen },
    evidence: evidence.map(({ exchange }) => exchange),
    replay: [...replay],
  }
}
