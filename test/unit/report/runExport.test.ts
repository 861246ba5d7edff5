import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exportedChunks, exportJson, exportNdjson, readRunExport } from '../../../src/report/runExport.ts'
import { exportCsv, exportText, plainOutput } from '../../../src/report/runTables.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

async function text(pieces: AsyncIterable<string>): Promise<string> {
  const parts: string[] = []
  for await (const piece of pieces) parts.push(piece)
  return parts.join('')
}

async function withRun(hosts: string[], act: (simulated: SimulatedRun) => Promise<void>): Promise<void> {
  const simulated = await simulateRun(hosts, {
    action: { kind: 'shell', command: 'date', environment: { TOKEN: 'hidden', LANG: 'C' } },
    secrets: ['TOKEN'],
  })
  try {
    await act(simulated)
  } finally {
    await simulated.close()
  }
}

describe('an exported run', () => {
  it('comes back as the same data, from JSON and from NDJSON', () =>
    withRun(['web1', 'web2', 'web3', 'db1'], async (simulated) => {
      simulated.finish('web1', 0, [
        { stream: 1, text: 'out\n' },
        { stream: 2, text: 'err\n' },
        { stream: 1, text: 'again\n' },
      ])
      simulated.finish('web2', 3, [{ stream: 2, text: Buffer.from([0xff, 0x00, 0xfe]) }])
      simulated.refuse('web3', 'not on Sundays')
      await simulated.giveUp()
      const { run } = simulated
      const json = readRunExport(await text(exportJson(run)))
      expect(readRunExport(await text(exportNdjson(run)))).toEqual(json)
      expect(json.run).toMatchObject({ runId: run.runId, environment: 'production', phase: 'over' })
      expect(json.replies.map(({ hostname, state }) => [hostname, state])).toEqual([
        ['web1', 'succeeded'],
        ['web2', 'failed'],
        ['web3', 'refused'],
        ['db1', 'no-reply'],
      ])
      for (const reply of json.replies) {
        const { frames, ...state } = run.state.replies.get(reply.agentId) ?? { frames: 0 }
        expect({ ...reply, content: undefined }).toEqual(JSON.parse(JSON.stringify(state)))
        expect(joined(exportedChunks(reply.content))).toEqual(joined(await run.output(reply.agentId)))
      }
      expect(json.replies[0]?.content).toEqual([
        [1, 'out\n'],
        [2, 'err\n'],
        [1, 'again\n'],
      ])
    }))

  it('keeps any bytes in any order', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.uint8Array({ minLength: 1, maxLength: 20 })),
          {
            maxLength: 6,
          },
        ),
        (writes) =>
          withRun(['web1'], async (simulated) => {
            for (const [stream, bytes] of writes) simulated.write('web1', stream, bytes)
            simulated.finish('web1', 0)
            const [reply] = readRunExport(await text(exportNdjson(simulated.run))).replies
            const kept = exportedChunks(reply?.content ?? [])
            expect(joined(kept)).toEqual(joined(writes.map(([stream, bytes]) => ({ stream, bytes }))))
          }),
      ),
      { numRuns: 25 },
    ))

  it('does not hold the values of secrets', () =>
    withRun(['web1'], async ({ run }) => {
      for (const format of [exportJson, exportNdjson, exportCsv, exportText]) {
        expect(await text(format(run))).not.toContain('hidden')
      }
    }))

  it('is refused with the place of what is wrong', () => {
    expect(() => readRunExport('{}')).toThrow(/line 1/)
    expect(() => readRunExport('no')).toThrow(/Not an exported run/)
  })
})

describe('the CSV of a run', () => {
  it('quotes what needs it, and what a spreadsheet would execute', () =>
    withRun(['web1', 'web2'], async (simulated) => {
      simulated.finish('web1', 0, [{ stream: 1, text: '=HYPERLINK("http://example.org")\n' }])
      simulated.finish('web2', 1, [{ stream: 1, text: 'a, "b"\n' }])
      const [head, first, second] = (await text(exportCsv(simulated.run))).split('\r\n')
      expect(head).toMatch(/^host,agent,state,exit_code,/)
      expect(first).toContain(`web1,${agentIdOf('web1')},succeeded,0,`)
      expect(first).toContain(`"'=HYPERLINK(""http://example.org"")\n"`)
      expect(second).toContain('"a, ""b""\n"')
    }))
})

describe('the text of a run', () => {
  it('has each group once, with its hosts folded and its output without control sequences', () =>
    withRun(['web1', 'web2', 'web3'], async (simulated) => {
      for (const host of ['web1', 'web2'])
        simulated.finish(host, 0, [{ stream: 1, text: '\x1b[32mok\x1b[0m\n' }])
      simulated.finish('web3', 2, [{ stream: 2, text: '\x1b]0;title\x07no\n' }])
      const written = await text(exportText(simulated.run))
      expect(written).toContain('---- web[1-2] (2): succeeded\nok\n')
      expect(written).toContain('---- web3 (1): failed, exit code 2\nno\n')
      expect(await plainOutput(simulated.run, agentIdOf('web3'))).toBe('no\n')
    }))
})

/** Bytes by stream and order, however they are cut. */
function joined(chunks: readonly { stream: 1 | 2; bytes: Uint8Array }[]): [number, string][] {
  const runs: [number, string][] = []
  for (const { stream, bytes } of chunks) {
    const last = runs.at(-1)
    const hex = Buffer.from(bytes).toString('hex')
    if (last?.[0] === stream) last[1] += hex
    else runs.push([stream, hex])
  }
  return runs
}
