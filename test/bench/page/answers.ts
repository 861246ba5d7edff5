import { setTimeout as wait } from 'node:timers/promises'

/** All have answered after so many milliseconds, most of them in the first third. */
const answersWithinMs = 4_000

/** Has agents answer in the pace of a fleet, fast ones first: `from` up to and without `to`, until all `agents` have. */
export async function answersOf(
  agents: number,
  answer: (from: number, to: number) => void | Promise<void>,
): Promise<void> {
  const startedAt = Date.now()
  for (let from = 0; from < agents; ) {
    const share = Math.sqrt(Math.min(1, (Date.now() - startedAt) / answersWithinMs))
    const to = Math.min(agents, Math.max(from, Math.ceil(share * agents)))
    if (to > from) await answer(from, to)
    from = to
    await wait(10)
  }
}

/** What an agent answers: four groups, of which one is an error. */
export function replyOf(agent: number): { code: number; stream: 1 | 2; text: string } {
  const code = agent % 97 === 0 && agent > 0 ? 1 : 0
  const kernel = agent % 211 === 0 ? '5.10.0-27' : '6.1.0-18'
  const text = `Linux ${kernel}-amd64 x86_64 GNU/Linux\n${'x'.repeat(200)}\n`
  return { code, stream: code === 0 ? 1 : 2, text }
}
