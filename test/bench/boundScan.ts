import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseBounded } from '../../src/protocol/boundedJson.ts'
import { bodyBounds } from '../../src/protocol/bounds.ts'
import { resultBody, unameOutput } from './bodies.ts'
import { inTurns } from './rounds.ts'

/** Each round parses at least this much, bytes: one text alone takes too little time to be measured. */
const roundBytes = 8 * 1024 * 1024

const rounds = 15

const timesOf = (bytes: number) => Math.max(1, Math.round(roundBytes / bytes))

/** What a round parses of a text of this size, bytes. */
export function roundBytesOf(bytes: number): number {
  return bytes * timesOf(bytes)
}

/** A text that is measured before it is parsed: milliseconds of processor time per round, bounded and by `JSON.parse` alone. */
export interface BoundScan {
  readonly what: string
  readonly bytes: number
  readonly bounded: readonly number[]
  readonly bare: readonly number[]
}

/** What bounding a text before it is parsed adds to parsing it, for typical messages and the largest that are read. */
export async function measureBoundScan(root: string): Promise<BoundScan[]> {
  const facts = JSON.parse(readFileSync(join(root, 'test/fixtures/facts/ubuntu-24.04-x86_64.json'), 'utf8'))
  const agent = { agentId: 'i-0123456789abcdef0', hostname: 'web-01' }
  const { command, reply, facts: factsBounds, envelope } = bodyBounds
  const script = {
    action: { kind: 'script', name: 'deploy.sh', content: randomBytes(3_000_000).toString('base64') },
  }
  const texts = [
    { what: 'body of a reply', text: resultBody('run', agent, unameOutput), bounds: envelope },
    { what: 'facts of a server', text: JSON.stringify({ ...agent, facts }), bounds: factsBounds },
    { what: 'command with a script of 3 MB', text: JSON.stringify(script), bounds: command },
    { what: 'facts with 50,000 marks', text: JSON.stringify(withMarks(50_000)), bounds: factsBounds },
    { what: 'reply with 50,000 marks in 1 MiB', text: padded(withMarks(50_000), 1_000_000), bounds: reply },
  ]
  const measured: BoundScan[] = []
  for (const { what, text, bounds } of texts) {
    const times = timesOf(text.length)
    const timed = (parse: () => unknown) => async () => {
      const before = process.cpuUsage()
      for (let left = times; left > 0; left -= 1) parse()
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }
    const [bounded = [], bare = []] = await inTurns(
      [timed(() => parseBounded(text, bounds)), timed(() => JSON.parse(text))],
      rounds,
    )
    measured.push({ what, bytes: text.length, bounded, bare })
  }
  return measured
}

/** Five marks for each object: its brace, two colons, and the commas within and after it. */
function withMarks(marks: number): Record<string, unknown> {
  const length = Math.floor(marks / 5) - 1
  return { list: Array.from({ length }, (_, index) => ({ name: index % 7, value: 'text' })) }
}

function padded(values: Record<string, unknown>, bytes: number): string {
  const { length } = JSON.stringify(values)
  return JSON.stringify({ ...values, padding: 'x'.repeat(Math.max(0, bytes - length)) })
}
