import { createHash } from 'node:crypto'
import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chainLine, chainStart, verifyChain } from '../../../../src/chain/hashChain.ts'
import { History } from '../../../../src/master/store/history.ts'
import { verifyHistory } from '../../../../src/master/store/verifyHistory.ts'
import type { RunEvent } from '../../../../src/run/runEvent.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import { type RunStart, startRunState } from '../../../../src/run/runState.ts'

let directory: string
let history: History

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'history-'))
  history = await History.open(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const start = (runId: string, startedAt = 1000): RunStart => ({
  runId,
  environment: 'testing',
  request: { filter: '*', action: { kind: 'shell', command: `echo ${runId}` }, timeoutMs: 1000 },
  issuer: { name: 'ada', host: 'laptop' },
  startedAt,
})
const chainFile = () => join(directory, 'chain.ndjson')
const eventsOf = (runId: string) => join(directory, runId, 'run.ndjson')
const chain = async () => (await readFile(chainFile(), 'utf8')).trim().split('\n')
const writeChain = (lines: readonly string[]) =>
  writeFile(chainFile(), lines.map((line) => `${line}\n`).join(''))
const problems = async () => (await verifyHistory(directory)).problems

async function run(runId: string, into = history): Promise<void> {
  const record = await into.create(start(runId))
  const agents = [{ agentId: 'web1', hostname: 'web1' }]
  record.append({ kind: 'agentsExpected', agents, steps: [['web1']] })
  record.append({ kind: 'stepStarted', at: 2 })
  await record.close()
}

/** A run with an output, that is over. */
async function ended(runId: string): Promise<void> {
  const record = await history.create(start(runId))
  const state = startRunState(start(runId))
  const live = (event: RunEvent) => {
    applyEvent(state, event)
    record.append(event)
  }
  live({ kind: 'agentsExpected', agents: [{ agentId: 'web1', hostname: 'web1' }], steps: [['web1']] })
  live({ kind: 'stepStarted', at: 1 })
  record.output.append('web1', [{ stream: 1, bytes: Buffer.from('hello') }])
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  live({
    ...{ kind: 'resultReceived', agentId: 'web1', hostname: 'web1', at: 2, identity: 'proven' },
    ...{ outcome: { kind: 'exited', code: 1 }, durationMs: 3, frames: 1, droppedBytes: 0 },
    ...{ digest: `${sha256('hello')}:${sha256('')}`, output: 'complete' },
    gathered: { stdoutBytes: 5, stderrBytes: 0, frames: 1 },
  })
  await record.summarize(state)
  await record.close()
  expect(await problems()).toEqual([])
}

/** Computes the chain again from a line on, as somebody does who knows how it is made. */
function recomputed(lines: readonly string[], from: number): string[] {
  let head = chainStart
  return lines.map((line, index) => {
    const { seq: _, prev: __, ...entry } = JSON.parse(line)
    const next = chainLine(head, entry)
    head = next.head
    const text = next.line.trim()
    if (index < from) expect(text).toBe(line)
    return text
  })
}

describe('the chain of a history', () => {
  it('vouches for runs when they are begun, and for all of their events when their master lets go of them', async () => {
    await run('run-00000001')
    const record = await history.create(start('run-00000002'))
    expect((await chain()).map((line) => JSON.parse(line).event)).toEqual([
      'opened',
      'begun',
      'kept',
      'begun',
    ])
    expect(await verifyHistory(directory)).toMatchObject({ vouched: 2, unchained: [], problems: [] })
    await record.close()
    expect(await problems()).toEqual([])
  })

  it('goes on over processes that write at the same time', async () => {
    const masters = await Promise.all(Array.from({ length: 4 }, () => History.open(directory)))
    await Promise.all(
      masters.flatMap((master, index) =>
        [1, 2, 3].map((number) => run(`run-${index}-0000${number}`, master)),
      ),
    )
    expect(verifyChain(await readFile(chainFile(), 'utf8'))).toMatchObject({ lines: 25, problems: [] })
    expect(await verifyHistory(directory)).toMatchObject({ vouched: 12, problems: [] })
  })

  it('vouches for a run that another master resumed, and for what that added', async () => {
    await run('run-00000001')
    const { record } = await (await History.open(directory)).resume('run-00000001')
    record.append({ kind: 'paused', at: 3 })
    await record.close()
    expect(await problems()).toEqual([])
    await writeFile(
      eventsOf('run-00000001'),
      (await readFile(eventsOf('run-00000001'), 'utf8')).replace('"at":3', '"at":4'),
    )
    expect(await problems()).toEqual([expect.stringContaining('Run run-00000001: its events were changed')])
  })

  it('vouches for a run whose process ended between its last event and its summary, once it is resumed', async () => {
    await ended('run-00000001')
    const summary = join(directory, 'run-00000001', 'summary.json')
    await writeFile(summary, (await readFile(summary, 'utf8')).replace('"phase":"over"', '"phase":"running"'))
    expect(await problems()).toHaveLength(1)
    await (await history.resume('run-00000001')).record.close()
    expect(await problems()).toEqual([])
  })

  it('tells which runs were there before it, and reads them as before', async () => {
    await run('run-00000001')
    await rm(chainFile())
    // As an earlier version has written it.
    await writeFile(eventsOf('run-00000001'), `${JSON.stringify({ v: 1, start: start('run-00000001') })}\n`)
    expect(await verifyHistory(directory)).toMatchObject({
      since: undefined,
      unchained: ['run-00000001'],
      problems: [],
    })
    await run('run-00000002')
    expect(await verifyHistory(directory)).toMatchObject({
      vouched: 1,
      unchained: ['run-00000001'],
      problems: [],
    })
    expect((await history.load('run-00000001')).state.runId).toBe('run-00000001')
  })

  it('goes on after a crash in the middle of a line, at whichever byte', async () => {
    await run('run-00000001')
    const text = await readFile(chainFile(), 'utf8')
    const lastLine = text.lastIndexOf('\n', text.length - 2) + 1
    for (let cut = lastLine + 1; cut < text.length; cut += 23) {
      await writeFile(chainFile(), text.slice(0, cut))
      expect(await problems()).toEqual([])
      const runId = `run-1000${String(cut).padStart(4, '0')}`
      await run(runId)
      expect(await problems()).toEqual([])
      await rm(join(directory, runId), { recursive: true })
    }
  })

  it('says of deleted runs that they are, before they are', async () => {
    await run('run-00000001')
    await run('run-00000002')
    await history.delete('run-00000001')
    await history.delete('run-00000001')
    const entries = (await chain()).map((line) => JSON.parse(line))
    expect(entries.filter(({ event }) => event === 'removed').map(({ runIds }) => runIds)).toEqual([
      ['run-00000001'],
    ])
    const report = await verifyHistory(directory)
    expect(report).toMatchObject({ vouched: 1, problems: [] })
    expect(report.known.has('run-00000001')).toBe(true)
  })

  it('loses its oldest lines when they speak of deleted runs only, and says up to where', async () => {
    // A long chain, as after thousands of runs.
    await run('run-00000001')
    const ids = Array.from({ length: 4_000 }, (_, number) => `old-${String(number).padStart(8, '0')}`)
    let head = chainStart
    const lines: string[] = []
    const add = (entry: object) => {
      const next = chainLine(head, { time: '2026-01-01T00:00:00.000Z', ...entry })
      head = next.head
      lines.push(next.line.trim())
    }
    for (const runId of ids) add({ event: 'begun', runId, bytes: 1, sha256: 'x'.repeat(64) })
    for (let from = 0; from < ids.length; from += 1_000)
      add({ event: 'removed', runIds: ids.slice(from, from + 1_000) })
    for (const line of (await chain()).slice(1)) {
      const { seq: _, prev: __, ...entry } = JSON.parse(line)
      add(entry)
    }
    await writeChain(lines)
    await run('run-00000002')
    await history.delete('run-00000001')
    const kept = (await chain()).map((line) => JSON.parse(line))
    expect(kept.length).toBeLessThan(10)
    expect(kept[0]).toMatchObject({ event: 'begun', runId: 'run-00000002' })
    expect(kept.at(-1)).toMatchObject({ event: 'trimmed', first: kept[0].seq })
    expect(await verifyHistory(directory)).toMatchObject({ vouched: 1, problems: [] })
    await run('run-00000003')
    expect(await problems()).toEqual([])
    await writeChain((await chain()).slice(1))
    expect((await problems()).join()).toContain('earlier lines were removed')
  })

  it('that cannot be written keeps no run from being recorded, and verifying names that run', async () => {
    await run('run-00000001')
    await rename(chainFile(), `${chainFile()}.away`)
    await mkdir(chainFile())
    await run('run-00000002')
    expect((await history.load('run-00000002')).state.runId).toBe('run-00000002')
    await rm(chainFile(), { recursive: true })
    await rename(`${chainFile()}.away`, chainFile())
    expect(await problems()).toEqual([expect.stringContaining('Run run-00000002 is not in the chain')])
  })
})

describe('verifying a history', () => {
  beforeEach(async () => {
    for (const number of [1, 2, 3]) await run(`run-0000000${number}`)
  })

  it.each<[what: string, tamper: () => Promise<unknown>, told: RegExp]>([
    [
      'an event that was changed',
      async () => {
        const path = eventsOf('run-00000002')
        await writeFile(path, (await readFile(path, 'utf8')).replace('"at":2', '"at":9'))
      },
      /^Run run-00000002: its events were changed/,
    ],
    [
      'a command that was changed',
      async () => {
        const path = eventsOf('run-00000002')
        await writeFile(path, (await readFile(path, 'utf8')).replace('echo run', 'uptime#'))
      },
      /^Run run-00000002: its events were changed/,
    ],
    [
      'events that were cut off',
      async () => {
        const path = eventsOf('run-00000003')
        await writeFile(path, `${(await readFile(path, 'utf8')).split('\n')[0]}\n`)
      },
      /^Run run-00000003: its events are cut off/,
    ],
    [
      'an event that was added',
      () => appendFile(eventsOf('run-00000003'), `${JSON.stringify({ kind: 'cancelRequested', at: 7 })}\n`),
      /^Run run-00000003: events were added after its master had let go of it/,
    ],
    [
      'a run that was removed',
      () => rm(join(directory, 'run-00000002'), { recursive: true }),
      /run-00000002 .* its record is gone/,
    ],
    [
      'a run that was put there',
      async () => {
        await cp(join(directory, 'run-00000002'), join(directory, 'run-00000009'), { recursive: true })
      },
      /^Run run-00000009 is not in the chain/,
    ],
    [
      'two records that changed places',
      async () => {
        await rename(eventsOf('run-00000001'), `${eventsOf('run-00000001')}.x`)
        await rename(eventsOf('run-00000002'), eventsOf('run-00000001'))
        await rename(`${eventsOf('run-00000001')}.x`, eventsOf('run-00000002'))
      },
      /^Run run-00000001: its events were changed/,
    ],
    [
      'a line of the chain that was removed',
      async () => writeChain((await chain()).toSpliced(3, 1)),
      /does not follow/,
    ],
    [
      'lines of the chain in another order',
      async () => {
        const lines = await chain()
        await writeChain([...lines.slice(0, 2), ...lines.slice(2).reverse()])
      },
      /does not follow/,
    ],
    [
      'a line of the chain that was changed',
      async () =>
        writeChain((await chain()).map((line, at) => (at === 2 ? line.replace('kept', 'begun') : line))),
      /does not follow/,
    ],
    [
      'the end of the chain that was cut off',
      async () => writeChain((await chain()).slice(0, 3)),
      /run-00000003 is not in the chain/,
    ],
    [
      'the beginning of the chain that was cut off',
      async () => writeChain((await chain()).slice(2)),
      /earlier lines were removed/,
    ],
    [
      'a chain that was removed: later runs begin another, and earlier ones name an entry of the first',
      async () => {
        await rm(chainFile())
        await run('run-00000004')
      },
      /^Run run-00000003 was recorded after entry 5 of another chain/,
    ],
    [
      'a chain that was computed again after a change',
      async () => {
        const lines = await chain()
        const changed = lines.map((line, at) => (at === 1 ? line.replace('"time":"2', '"time":"1') : line))
        await writeChain(recomputed(changed, 1))
      },
      /another chain: the chain was replaced or recomputed/,
    ],
    [
      'a summary that was changed',
      async () => {
        await ended('run-00000005')
        const path = join(directory, 'run-00000005', 'summary.json')
        await writeFile(path, (await readFile(path, 'utf8')).replace('"failed":1', '"failed":0'))
      },
      /^Run run-00000005: its summary, which the list shows, was changed/,
    ],
    [
      'an output that was changed',
      async () => {
        await ended('run-00000005')
        const path = join(directory, 'run-00000005', 'output.log')
        await writeFile(path, (await readFile(path, 'utf8')).replace('hello', 'HELLO'))
      },
      /^Run run-00000005: the output of web1 was changed/,
    ],
    [
      'an output that was cut off',
      async () => {
        await ended('run-00000005')
        await writeFile(join(directory, 'run-00000005', 'output.log'), '')
      },
      /^Run run-00000005: the output of web1 was changed/,
    ],
    ['text that was added', () => appendFile(chainFile(), 'nothing of ours\n'), /is not a line of the chain/],
  ])('tells of %s', async (_, tamper, told) => {
    expect(await problems()).toEqual([])
    await tamper()
    const found = await problems()
    expect(
      found.filter((problem) => told.test(problem)),
      found.join('\n'),
    ).not.toEqual([])
  })

  it('says which runs it vouches for in part: their master was killed after it had gone on with them', async () => {
    const { record } = await history.resume('run-00000003')
    record.append({ kind: 'paused', at: 7 })
    await record.flush()
    // What is left of a master that was killed.
    const killed = await mkdtemp(join(tmpdir(), 'history-'))
    await cp(directory, killed, { recursive: true })
    await record.close()
    await rm(join(killed, 'run-00000003', 'owner'), { recursive: true })
    expect(await verifyHistory(killed)).toMatchObject({ vouched: 2, partly: ['run-00000003'], problems: [] })
    await rm(killed, { recursive: true })
  })

  it('does not tell of a history that was made anew as a whole: only what it sent could contradict it', async () => {
    const other = await mkdtemp(join(tmpdir(), 'history-'))
    const forged = await History.open(other)
    for (const number of [1, 3]) await run(`run-0000000${number}`, forged)
    expect((await verifyHistory(other)).problems).toEqual([])
    await rm(other, { recursive: true })
  })
})
