import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../../../src/console/results/matcher.ts'
import { OutputSearch } from '../../../../src/console/results/outputSearch.ts'
import type { ShownRun } from '../../../../src/console/results/shownRun.ts'
import type { ReplyState } from '../../../../src/run/runState.ts'
import { inEnglish } from '../../../../src/text/translate.ts'

const needle = createMatcher({ text: 'needle', matchCase: true, regex: false }, inEnglish)

/** Outputs that the test lets grow, and how much of them was read. */
function growingRun() {
  const outputs = new Map<string, Buffer>()
  const seen = { bytesRead: 0, charactersMatched: 0 }
  const run = {
    output: async (agentId: string, from = 0, limit = Number.POSITIVE_INFINITY) => {
      const bytes = (outputs.get(agentId) ?? Buffer.alloc(0)).subarray(from, from + limit)
      seen.bytesRead += bytes.length
      return bytes.length === 0 ? [] : [{ stream: 1 as const, bytes }]
    },
  } as Partial<ShownRun> as ShownRun
  const search = new OutputSearch(run, (text) => {
    seen.charactersMatched += text.length
    return needle(text)
  })
  return {
    seen,
    grow: (agentId: string, text: string) => {
      outputs.set(agentId, Buffer.concat([outputs.get(agentId) ?? Buffer.alloc(0), Buffer.from(text)]))
    },
    async matches(output: ReplyState['output'], agentIds: string[], digest?: string) {
      const replies = agentIds.map((agentId) => ({
        ...{ agentId, digest, output, stdoutBytes: outputs.get(agentId)?.length ?? 0, stderrBytes: 0 },
      }))
      const found: Record<string, number> = {}
      for await (const each of search.search(replies as ReplyState[], new AbortController().signal))
        for (const agentId of each.agentIds) found[agentId] = each.matches
      return found
    },
  }
}

describe('A search in output that grows', () => {
  it('reads each byte once, however often it is asked to go on', async () => {
    const { grow, matches, seen } = growingRun()
    const line = `${'x'.repeat(990)}needle\n`
    for (let count = 1; count <= 300; count += 1) {
      grow('web1', line)
      expect(await matches('partial', ['web1'])).toEqual({ web1: count })
    }
    expect(await matches('complete', ['web1'], 'd1')).toEqual({ web1: 300 })
    expect(seen.bytesRead).toBe(300 * line.length)
    expect(seen.charactersMatched).toBeLessThan(2 * 300 * line.length)
  })

  it('counts what is there now: also in a line that is still being written, and no more what was overwritten', async () => {
    const { grow, matches } = growingRun()
    grow('web1', 'a nee')
    expect(await matches('partial', ['web1'])).toEqual({ web1: 0 })
    grow('web1', 'dle')
    expect(await matches('partial', ['web1'])).toEqual({ web1: 1 })
    grow('web1', '\rgone  \nneedle needle\n')
    expect(await matches('partial', ['web1'])).toEqual({ web1: 2 })
  })

  it('does not search a line without an end at each byte of it, and has counted all of it in the end', async () => {
    const { grow, matches, seen } = growingRun()
    const piece = `needle${'x'.repeat(4_090)}`
    for (let count = 0; count < 500; count += 1) {
      grow('web1', piece)
      await matches('partial', ['web1'])
    }
    expect(seen.charactersMatched).toBeLessThan(4 * 500 * piece.length)
    expect(await matches('complete', ['web1'], 'd1')).toEqual({ web1: 500 })
  })

  it('searches the same bytes of several agents once', async () => {
    const { grow, matches, seen } = growingRun()
    for (const agentId of ['web1', 'web2', 'web3']) grow(agentId, 'needle\n')
    expect(await matches('complete', ['web1', 'web2', 'web3'], 'd1')).toEqual({ web1: 1, web2: 1, web3: 1 })
    expect(seen.bytesRead).toBe('needle\n'.length)
  })
})
