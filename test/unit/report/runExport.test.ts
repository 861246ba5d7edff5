import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Chunk } from '../../../src/protocol/frames.ts'
import { noRequests } from '../../../src/queues/requestCounts.ts'
import { exportJson, exportNdjson } from '../../../src/report/runExport.ts'
import { exportCsv, exportText } from '../../../src/report/runTables.ts'
import { applyEvent } from '../../../src/run/runReducer.ts'
import { outputOf, readRunJson, readRunNdjson } from '../../support/runJson.ts'
import { agentIdOf, withSimulatedRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

const megabyte = 1024 * 1024

describe('the JSON of a run', () => {
  it('tells how each agent ended, and what was the same for several', () =>
    withSimulatedRun(['web1', 'web2', 'web3', 'web4', 'db1'], {}, async (simulated) => {
      for (const host of ['web1', 'web4']) simulated.finish(host, 0, [{ stream: 1, text: 'grüße\n' }])
      simulated.finish('web2', { kind: 'signalled', signal: 'SIGSEGV' }, [])
      simulated.refuse('web3', 'not on Sundays')
      await simulated.giveUp()
      const document = readRunJson(await textOf(exportJson(simulated.run)))
      expect(document).toMatchObject({
        ...{
          format: 'ec2-collective-run',
          version: 1,
          runId: simulated.run.runId,
          environment: 'production',
        },
        ...{ issuer: { name: 'anna', host: 'atlas' }, filter: '*', targets: null, rollout: null },
        ...{ action: { kind: 'shell', command: 'uptime' }, phase: 'over', stopReason: null },
        counts: { succeeded: 2, failed: 1, refused: 1, 'no-reply': 1, running: 0 },
      })
      expect(document.groups.map(({ state, reason, hosts }) => [state, reason, hosts])).toEqual([
        ['failed', 'ended by SIGSEGV', 'web2'],
        ['no-reply', null, 'db1'],
        ['refused', 'not on Sundays', 'web3'],
        ['succeeded', null, 'web[1,4]'],
      ])
      expect(document.agents).toMatchObject([
        {
          hostname: 'web1',
          state: 'succeeded',
          exitCode: 0,
          output: 'complete',
          stdout: 'grüße\n',
          stderr: '',
        },
        { hostname: 'web2', state: 'failed', exitCode: null, signal: 'SIGSEGV', output: 'none' },
        { hostname: 'web3', state: 'refused', refusal: 'policy', reason: 'not on Sundays', stdout: '' },
        { hostname: 'web4', state: 'succeeded', stdoutBytes: 8, stderrBytes: 0, order: [['stdout', 8]] },
        { hostname: 'db1', state: 'no-reply', heardAt: null, latencyMs: null, exitCode: null, order: [] },
      ])
    }))

  it('is the same in lines', () =>
    withSimulatedRun(['web1', 'web2'], { targets: ['web1'], secrets: ['TOKEN'] }, async (simulated) => {
      simulated.finish('web1', 3, [{ stream: 2, text: 'no\n' }])
      await simulated.giveUp()
      const json = readRunJson(await textOf(exportJson(simulated.run)))
      expect(readRunNdjson(await textOf(exportNdjson(simulated.run)))).toEqual(json)
    }))

  it('has what only the sender knows where the sender writes it', () =>
    withSimulatedRun(['web1'], {}, async ({ run }) => {
      const extras = { exitCode: 7, requests: { ...noRequests, requests: 12 } }
      expect(readRunJson(await textOf(exportJson(run, extras)))).toMatchObject(extras)
      expect(Object.keys(readRunJson(await textOf(exportJson(run))))).not.toContain('exitCode')
    }))

  it('tells of an agent that the run did not expect', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.finish('web9', 0)
      const { agents } = readRunJson(await textOf(exportJson(simulated.run)))
      expect(agents.map(({ hostname, expected }) => [hostname, expected])).toEqual([
        ['web1', true],
        ['web9', false],
      ])
    }))

  it('tells which agents executed a command that did not name them, and how it ended there', () =>
    withSimulatedRun(['web1'], { unseen: 'left-out' }, async (simulated) => {
      simulated.finish('web9', 0)
      simulated.ack('web8')
      const { agents, counts, groups } = readRunJson(await textOf(exportJson(simulated.run)))
      expect(agents.map(({ hostname, state, exitCode }) => [hostname, state, exitCode])).toEqual([
        ['web1', 'expected', null],
        ['web9', 'unexpected', 0],
        ['web8', 'unexpected', null],
      ])
      expect(counts).toMatchObject({ unexpected: 2, expected: 1, running: 0, succeeded: 0 })
      expect(groups.find(({ hosts }) => hosts === 'web8')?.state).toBe('unexpected')
    }))

  it('tells which agents the command left out, how sure that was, and where replies may be unread', () =>
    withSimulatedRun(['web1', 'web2'], {}, async ({ run }) => {
      const reach = { missing: [{ agentId: 'i-gone', hostname: 'web3' }], sweep: 'unsure' as const }
      for (const agentId of [agentIdOf('web1'), agentIdOf('web2')]) {
        const unread = agentId === agentIdOf('web2') ? ({ unread: true } as const) : {}
        applyEvent(run.state, { kind: 'silenceAssumed', agentId, verdict: 'no-reply', ...unread, at: 1 })
      }
      const document = readRunJson(
        await textOf(exportJson({ state: { ...run.state, reach }, output: async () => [] })),
      )
      expect(document).toMatchObject(reach)
      expect(document.agents).toMatchObject([
        { hostname: 'web1', state: 'no-reply', unread: false },
        { hostname: 'web2', state: 'no-reply', unread: true },
      ])
      const earlier = readRunJson(await textOf(exportJson(run)))
      expect([earlier.missing, earlier.sweep]).toEqual([null, null])
    }))

  it('has every field of a request', () =>
    withSimulatedRun(
      ['web1', 'web2'],
      {
        action: {
          ...{ kind: 'script', name: 'a.sh', content: 'bHM=', args: ['-l'], interpreter: '/bin/sh' },
          ...{ directory: '/srv', user: 'deploy', environment: { LANG: 'C' } },
        },
        rollout: { canary: 1, batch: { percent: 50 }, pauseMs: 1000, maxFailures: { count: 2 } },
        outputLimitBytes: 1000,
      },
      async ({ run }) => {
        const { action, rollout, outputLimitBytes } = readRunJson(await textOf(exportJson(run)))
        const request = { action, rollout, outputLimitBytes }
        expect(run.state.request).toMatchObject(request)
      },
    ))

  it('does not hold the values of secrets, nor do the other exports', () => {
    const action = { kind: 'shell' as const, command: 'date', environment: { TOKEN: 's3cr3t', LANG: 'C' } }
    return withSimulatedRun(['web1'], { action, secrets: ['TOKEN'] }, async ({ run }) => {
      for (const format of [exportJson, exportNdjson, exportCsv, exportText])
        expect(await textOf(format(run))).not.toContain('s3cr3t')
      const { action: written, secrets } = readRunJson(await textOf(exportJson(run)))
      expect([written.environment, secrets]).toEqual([{ TOKEN: '', LANG: 'C' }, ['TOKEN']])
    })
  })

  it('of a run that goes on tells of one moment, whatever arrives while it is written', () =>
    withSimulatedRun(['web1', 'web2'], {}, async (simulated) => {
      simulated.write('web1', 1, 'one\n')
      const output = async (...asked: Parameters<typeof simulated.run.output>) => {
        if (simulated.run.state.phase === 'running') {
          simulated.finish('web1', 0, [{ stream: 1, text: 'two\n' }])
          simulated.finish('web2', 0, [{ stream: 1, text: 'done\n' }])
        }
        return simulated.run.output(...asked)
      }
      const document = readRunJson(await textOf(exportJson({ state: simulated.run.state, output })))
      expect(simulated.run.state.phase).toBe('over')
      expect(document).toMatchObject({ phase: 'running', endedAt: null, counts: { running: 1, expected: 1 } })
      expect(document.agents).toMatchObject([
        { hostname: 'web1', state: 'running', output: 'partial', stdout: 'one\n', stdoutBytes: 4 },
        { hostname: 'web2', state: 'expected', output: 'none', stdout: '' },
      ])
    }))

  it('calls an output incomplete when less of it is stored than arrived', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.finish('web1', 0, [{ stream: 1, text: 'whole\n' }])
      const { state } = simulated.run
      const shortened = { state, output: async (): Promise<Chunk[]> => [] }
      const { agents } = readRunJson(await textOf(exportJson(shortened)))
      expect(agents).toMatchObject([{ state: 'succeeded', output: 'incomplete', stdoutBytes: 0 }])
    }))

  it('of thousands of agents comes in few pieces', () =>
    withSimulatedRun(
      Array.from({ length: 2_000 }, (_, index) => `web${index}`),
      {},
      async ({ run }) => {
        const pieces: string[] = []
        for await (const piece of exportNdjson(run)) pieces.push(piece)
        expect(readRunNdjson(pieces.join('')).agents).toHaveLength(2_000)
        expect(pieces.length).toBeLessThan(50)
      },
    ))

  it('fails where an output cannot be read', () =>
    withSimulatedRun(['web1'], {}, async ({ run }) => {
      const output = async () => {
        throw new Error('output.log has been truncated.')
      }
      await expect(textOf(exportJson({ state: run.state, output }))).rejects.toThrow(/truncated/)
    }))
})

describe('an output in the JSON of a run', () => {
  it('is text where it is UTF-8, and otherwise base64, for each stream by itself', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.finish('web1', 7, [
        { stream: 1, text: Uint8Array.from([0, 255, 10, 128]) },
        { stream: 2, text: 'oh\n' },
      ])
      const { agents } = readRunJson(await textOf(exportJson(simulated.run)))
      expect(agents).toMatchObject([{ stdout: { base64: 'AP8KgA==' }, stderr: 'oh\n', stdoutBytes: 4 }])
    }))

  it('is not cleaned: control sequences, NUL and a byte order mark are in it', () =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      const text = '\ufeff\x1b]0;title\x07\x1b[31mred\0\u2028\u202e"\\\r\n'
      simulated.finish('web1', 0, [{ stream: 1, text }])
      const [agent] = readRunJson(await textOf(exportJson(simulated.run))).agents
      expect(agent?.stdout).toBe(text)
    }))

  it('tells how many bytes the output limit cut', () =>
    withSimulatedRun(['web1'], {}, async ({ run, ...simulated }) => {
      simulated.finish('web1', 0)
      const reply = run.state.replies.get(agentIdOf('web1'))
      if (reply !== undefined) reply.droppedBytes = 12_345
      const { agents } = readRunJson(await textOf(exportJson(run)))
      expect(agents).toMatchObject([{ droppedBytes: 12_345 }])
    }))

  it('keeps any bytes in any order, however they were cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1 as const, 2 as const), piece), { maxLength: 8 }),
        (writes) =>
          withSimulatedRun(['web1'], {}, async (simulated) => {
            for (const [stream, bytes] of writes) simulated.write('web1', stream, bytes)
            simulated.finish('web1', 0)
            const [agent] = readRunNdjson(await textOf(exportNdjson(simulated.run))).agents
            if (agent === undefined) throw new Error('An agent is missing.')
            expect(joined(outputOf(agent))).toEqual(
              joined(writes.map(([stream, bytes]) => [stream === 1 ? 'stdout' : 'stderr', bytes])),
            )
            for (const [stream, name] of [
              [1, 'stdout'],
              [2, 'stderr'],
            ] as const) {
              const all = Buffer.concat(writes.filter(([of]) => of === stream).map(([, bytes]) => bytes))
              expect(typeof agent[name]).toBe(isUtf8(all) ? 'string' : 'object')
            }
          }),
      ),
      { numRuns: 50 },
    ))

  it.each([
    ['text', Buffer.from('é€😀'.repeat(350_000)), 'string'],
    ['bytes', Buffer.alloc(3 * megabyte + 1, 0xfe), 'object'],
  ])('of several megabytes is read in parts and written in pieces: %s', (_, bytes, type) =>
    withSimulatedRun(['web1'], {}, async (simulated) => {
      simulated.finish('web1', 0, [
        { stream: 2, text: 'first\n' },
        { stream: 1, text: bytes },
      ])
      const limits: (number | undefined)[] = []
      const run = {
        state: simulated.run.state,
        output: (agentId: string, from?: number, limit?: number) => {
          limits.push(limit)
          return simulated.run.output(agentId, from, limit)
        },
      }
      const pieces: string[] = []
      for await (const piece of exportJson(run)) pieces.push(piece)
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(2 * megabyte)
      expect(Math.max(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY))).toBe(megabyte)
      const [agent] = readRunJson(pieces.join('')).agents
      expect(typeof agent?.stdout).toBe(type)
      expect(agent && outputOf(agent).map(([stream, part]) => [stream, part.equals(bytes)])).toEqual([
        ['stderr', false],
        ['stdout', true],
      ])
    }),
  )
})

describe('the schema of the JSON of a run', () => {
  it('allows fields of a later release, so that adding one breaks no reader', () => {
    expect(readFileSync('media/run.schema.json', 'utf8')).not.toContain('"additionalProperties": false')
  })

  it('has a sentence for every field', () => {
    const { properties } = JSON.parse(readFileSync('media/run.schema.json', 'utf8'))
    const fields = { ...properties, ...properties.agents.items.properties }
    for (const [name, { description }] of Object.entries<{ description?: string }>(fields))
      expect(description, name).toMatch(/\.$/)
  })
})

const piece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  // Parts of a text, cut within characters.
  fc.constantFrom('é', '€', '😀', 'a\n').chain((text) => {
    const bytes = Buffer.from(text)
    return fc.nat(bytes.length - 1).map((at) => Uint8Array.from(bytes.subarray(at)))
  }),
  fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => Uint8Array.from(Buffer.from(text))),
)

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes)
}

/** Bytes by stream and order, however they are cut. */
function joined(chunks: readonly (readonly [string, Uint8Array])[]): [string, string][] {
  const runs: [string, string][] = []
  for (const [stream, bytes] of chunks) {
    const last = runs.at(-1)
    const hex = Buffer.from(bytes).toString('hex')
    if (last?.[0] === stream) last[1] += hex
    else runs.push([stream, hex])
  }
  return runs
}
