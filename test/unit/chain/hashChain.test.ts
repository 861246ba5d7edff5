import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHeadOf, chainLine, chainStart, verifyChain } from '../../../src/chain/hashChain.ts'

function chainOf(entries: number): string[] {
  const lines: string[] = []
  let head = chainStart
  for (let entry = 1; entry <= entries; entry += 1) {
    const next = chainLine(head, { event: 'ended', entry })
    head = next.head
    lines.push(next.line.trim())
  }
  return lines
}

describe('a chain of lines', () => {
  it('verifies from wherever it begins', () => {
    expect(verifyChain(chainOf(5).slice(2).join('\n'))).toEqual({
      lines: 3,
      first: 3,
      last: 5,
      unchained: 0,
      problems: [],
    })
  })

  it('tells of any line that was changed, removed, moved, or put in between', () => {
    const change = fc.constantFrom('change', 'remove', 'swap', 'insert', 'blank')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), change, (at, how) => {
        const lines = chainOf(10)
        const line = lines[at] as string
        if (how === 'change') lines[at] = line.replace('"ended"', '"other"')
        if (how === 'remove') lines.splice(at, 1)
        if (how === 'swap') lines.splice(at, 2, lines[at + 1] as string, line)
        if (how === 'insert') lines.splice(at, 0, line.replace('"ended"', '"added"'))
        if (how === 'blank') lines[at] = ''
        expect(verifyChain(lines.join('\n')).problems).not.toEqual([])
      }),
    )
  })

  it('tells where a new log was begun', () => {
    const { problems } = verifyChain([...chainOf(3), ...chainOf(2)].join('\n'))
    expect(problems).toEqual([expect.stringContaining('Line 4 begins a new chain after entry 3')])
  })

  it('tells of a line whose number does not go with its place: nothing but the first is the first', () => {
    const forged = [JSON.stringify({ seq: 7, prev: null }), JSON.stringify({ seq: 1, prev: 'a'.repeat(64) })]
    for (const line of forged) expect(verifyChain(line).problems).toHaveLength(1)
  })

  it('does not tell what is not in it: lines that were cut off its end', () => {
    expect(verifyChain(chainOf(5).slice(0, 3).join('\n')).problems).toEqual([])
  })

  it('begins where the last whole line ended, wherever the text is cut', () => {
    const lines = chainOf(3)
    expect(chainHeadOf(`${lines[0]?.slice(9)}\n${lines[1]}\n${lines[2]?.slice(0, 20)}`).seq).toBe(2)
    expect(chainHeadOf('')).toBe(chainStart)
    expect(chainHeadOf('{"time":"of an earlier version"}\n')).toBe(chainStart)
  })

  it('begins after lines of a version that had none, which are counted, and nowhere else', () => {
    const older = ['{"runId":"run-1"}', '{"runId":"run-2"}']
    expect(verifyChain([...older, ...chainOf(2)].join('\n'))).toMatchObject({ unchained: 2, problems: [] })
    for (const lines of [
      [...older, ...chainOf(3).slice(1)],
      [...chainOf(2), ...older],
      ['x', ...chainOf(2)],
    ])
      expect(verifyChain(lines.join('\n'))).toMatchObject({
        unchained: 0,
        problems: [expect.stringMatching(/not .*of the chain/)],
      })
  })
})
