import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { History } from '../../../../src/master/store/history.ts'
import type { Retention } from '../../../../src/master/store/retention.ts'
import { RunInUse, type RunRecord } from '../../../../src/master/store/runRecord.ts'
import { isVerdict } from '../../../../src/protocol/verdict.ts'
import type { RunEvent } from '../../../../src/run/runEvent.ts'
import { applyEvent } from '../../../../src/run/runReducer.ts'
import { type RunStart, type RunState, startRunState } from '../../../../src/run/runState.ts'
import { until } from '../../../support/until.ts'

let directory: string
let history: History

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'history-'))
  history = await History.open(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

// Much reading, and on a busy machine that takes its time.
describe('History', { timeout: 60_000 }, () => {
  it('gives back a run as it was, with its outputs', async () => {
    const { state, record } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const loaded = await history.load('run-00001')
    expect(loaded.state).toEqual(state)
    expect(textOf(await loaded.record.output.read('web1'))).toBe('hello from web1, and more')
    expect(loaded.record.output.bytes('web2')).toBe('hello from web2'.length)
  })

  it('does not read what only a later version understands, and says so', async () => {
    const { record } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const events = join(directory, 'run-00001', 'run.ndjson')
    const text = await readFile(events, 'utf8')
    await writeFile(events, text.replace(/^\{"v":1,/, '{"v":2,'))
    const sentence = /was written by a newer version of EC2 Collective \(record 2; this version reads 1\)/
    await expect(history.load('run-00001')).rejects.toThrow(sentence)
    await expect(history.resume('run-00001')).rejects.toThrow(sentence)
    // It is still listed, and not taken for nobody's.
    expect((await history.list()).map(({ runId }) => runId)).toEqual(['run-00001'])
    expect(await readFile(events, 'utf8')).toContain('{"v":2,')
  })

  it('passes over events of kinds that only a later version knows', async () => {
    const { state, record } = await liveRun(history, startOf('run-00001'))
    record.append({ kind: 'moonRose', at: 5 } as never)
    await record.close()
    expect((await history.load('run-00001')).state).toEqual(state)
  })

  it('reads a run whose events are larger than a string may be', async () => {
    const { state, record } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const path = join(directory, 'run-00001', 'run.ndjson')
    // What a crash of the machine leaves is often zeros; here as a hole, which takes no room.
    await truncate(path, 600 * 1024 * 1024)
    await appendFile(path, `\n${JSON.stringify({ kind: 'stillQueued', agentId: 'web1', at: 8 })}\n`)
    expect(JSON.stringify([...(await history.load('run-00001')).state.replies])).toBe(
      JSON.stringify([...state.replies]),
    )
  })

  it('has a readable run after a crash at any byte of any of its files', async () => {
    const { record } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const { size: firstLine } = await firstLineOf(join(directory, 'run-00001', 'run.ndjson'))
    // Every byte of the outputs; of the others, whose lines are much alike, so many that all lines are cut somewhere.
    const cuts = [
      ['run.ndjson', firstLine, 11],
      ['output.log', 0, 1],
      ['summary.json', 0, 40],
    ] as const
    for (const [file, from, step] of cuts) {
      const bytes = await readFile(join(directory, 'run-00001', file))
      for (let cut = from; cut < bytes.length; cut += step) {
        const crashed = await copyOf('run-00001')
        await writeFile(join(crashed.folder, file), bytes.subarray(0, cut))
        const { state } = await crashed.history.load('run-00001')
        expect(state.runId).toBe('run-00001')
        const [listed, ...others] = await crashed.history.list()
        expect([listed?.runId, others.length]).toEqual(['run-00001', 0])
        const resumed = await crashed.history.resume('run-00001')
        for (const [agentId, reply] of resumed.state.replies) {
          const kept = textOf(await resumed.record.output.read(agentId))
          expect(`hello from ${agentId}, and more`.startsWith(kept)).toBe(true)
          expect(kept.length).toBeLessThanOrEqual(reply.stdoutBytes)
        }
        // What follows is not glued to what was torn.
        resumed.record.append({ kind: 'cancelRequested', at: 99 })
        await resumed.record.close()
        expect((await crashed.history.load('run-00001')).state.endedAt ?? 99).toBe(
          resumed.state.endedAt ?? 99,
        )
        await rm(crashed.directory, { recursive: true })
      }
    }
  })

  it('never has an event on disk before the output that it speaks of', async () => {
    const record = await history.create(startOf('run-00001'))
    const state = startRunState(startOf('run-00001'))
    for (let n = 0; n < 200; n += 1) {
      record.output.append('web1', [{ stream: 1, bytes: Buffer.alloc(10_000, 'x') }])
      const event = outputEvent('web1', 10_000)
      applyEvent(state, event)
      record.append(event)
      if (n % 20 !== 0) continue
      const seen = await history.load('run-00001')
      const accounted = seen.state.replies.get('web1')?.stdoutBytes ?? 0
      expect(seen.record.output.bytes('web1')).toBe(accounted)
    }
    await record.close()
  })

  it('lists runs newest first without their outputs, also one whose summary was lost', async () => {
    for (const [index, runId] of ['run-00001', 'run-00002', 'run-00003'].entries()) {
      const { record, state } = await liveRun(history, { ...startOf(runId), startedAt: 1000 + index })
      await record.summarize(state)
      await record.close()
    }
    await rm(join(directory, 'run-00001', 'output.log'))
    await rm(join(directory, 'run-00001', 'run.ndjson'))
    await rm(join(directory, 'run-00002', 'summary.json'))
    await mkdir(join(directory, 'something-else'))
    await writeFile(join(directory, 'notes.txt'), '')
    const listed = await history.list()
    expect(listed.map(({ runId }) => runId)).toEqual(['run-00003', 'run-00002', 'run-00001'])
    expect(listed[1]).toMatchObject({
      agents: 2,
      phase: 'over',
      counts: { succeeded: 2 },
      environment: 'testing',
    })
  })

  it('lists runs as they are when it is asked, for many who ask at a time', async () => {
    const { record, state } = await liveRun(history, startOf('run-00001'))
    await record.summarize(state)
    await record.close()
    const first = history.list()
    const changing = (async () => {
      await first
      await history.delete('run-00001')
      return Promise.all([history.list(), history.list(), history.list()])
    })()
    const during = [history.list(), history.list()]
    expect(await first).toHaveLength(1)
    const [one, two, three] = await changing
    expect([one, two === one, three === one]).toEqual([[], true, true])
    await Promise.all(during)
  })

  it('lists what has changed, though it was listed before', async () => {
    const { record, state } = await liveRun(history, startOf('run-00001'))
    await record.summarize(state)
    expect((await history.list())[0]).toMatchObject({ phase: 'over', counts: { succeeded: 2 } })
    state.counts.succeeded = 1
    await record.summarize(state)
    expect((await history.list())[0]).toMatchObject({ counts: { succeeded: 1 } })
    await record.close()
  })

  it('is no longer written by a master that has lost its hold on the run', async () => {
    const { record } = await liveRun(history, startOf('run-00001'))
    await record.flush()
    await rm(join(directory, 'run-00001', 'owner'), { recursive: true })
    await until(
      () =>
        record.flush().then(
          () => false,
          ({ message }) => /Another master may be working on the run/.test(message),
        ),
      'the record to refuse',
    )
    const before = await readFile(join(directory, 'run-00001', 'run.ndjson'), 'utf8')
    record.append({ kind: 'cancelRequested', at: 99 })
    await expect(record.close()).rejects.toThrow('cannot be written')
    expect(await readFile(join(directory, 'run-00001', 'run.ndjson'), 'utf8')).toBe(before)
  })

  it('keeps no value of a secret, in no file', async () => {
    const secret = 'correct-horse-battery-staple'
    const action = {
      kind: 'shell' as const,
      command: 'deploy',
      environment: { TOKEN: secret, COLOUR: 'green' },
    }
    const request = { filter: '*', action, timeoutMs: 1000, secrets: ['TOKEN'] }
    const { record, state } = await liveRun(history, { ...startOf('run-00001'), request })
    await record.summarize({ ...state })
    await record.close()
    for (const file of await readdir(join(directory, 'run-00001'))) {
      expect(await readFile(join(directory, 'run-00001', file), 'utf8')).not.toContain(secret)
    }
    const { request: kept } = (await history.load('run-00001')).state
    expect(kept).toMatchObject({
      secrets: ['TOKEN'],
      action: { environment: { TOKEN: '', COLOUR: 'green' } },
    })
  })

  it('can only be read by its owner', async () => {
    const { record } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const folder = join(directory, 'run-00001')
    for (const path of [folder, ...(await readdir(folder)).map((file) => join(folder, file))]) {
      expect((await stat(path)).mode & 0o077).toBe(0)
    }
  })

  it('lets one master at a time complete a run, and anybody look at it', async () => {
    const record = await history.create(startOf('run-00001'))
    const elsewhere = await History.open(directory)
    await expect(elsewhere.resume('run-00001')).rejects.toThrow(RunInUse)
    expect((await elsewhere.load('run-00001')).state.phase).toBe('running')
    await record.close()
    const resumed = await elsewhere.resume('run-00001')
    await expect(history.resume('run-00001')).rejects.toThrow(RunInUse)
    await resumed.record.close()
  })

  it('says what is not the record of a run', async () => {
    await expect(history.load('run-00009')).rejects.toThrow(/ENOENT/)
    await mkdir(join(directory, 'run-00009'))
    for (const text of [
      '',
      'null\n',
      '{"v":0}\n',
      '{"v":1,"start":{"runId":"run-00008"}}\n',
      'x'.repeat(1000),
    ]) {
      await writeFile(join(directory, 'run-00009', 'run.ndjson'), text)
      await expect(history.load('run-00009')).rejects.toThrow(/run.ndjson is not the record of run run-00009/)
    }
    await expect(history.load('../../etc')).rejects.toThrow()
    expect(await history.has('../../etc')).toBe(false)
  })

  it('reads on past a damaged line', async () => {
    const { record, state } = await liveRun(history, startOf('run-00001'))
    await record.close()
    const path = join(directory, 'run-00001', 'run.ndjson')
    const lines = (await readFile(path, 'utf8')).split('\n')
    lines.splice(2, 0, '{"kind":"ackn\u0000\u0000', '', '[]', '{"kind":"later version"}', 'null', '7')
    await writeFile(path, lines.join('\n'))
    expect((await history.load('run-00001')).state).toEqual(state)
  })
})

describe('retention', () => {
  const none = { maxRuns: 100, maxBytes: 1e9, maxAgeMs: 1e9 }

  it('by count keeps the newest', async () => {
    await makeRuns(5)
    expect(await pruned({ ...none, maxRuns: 2 }, 2000)).toEqual(['run-00003', 'run-00002', 'run-00001'])
    expect((await history.list()).map(({ runId }) => runId)).toEqual(['run-00005', 'run-00004'])
  })

  it('by age deletes what is older, also what was never over', async () => {
    await makeRuns(3)
    const unfinished = await history.create({ ...startOf('run-00000'), startedAt: 1 })
    expect(await pruned({ ...none, maxAgeMs: 1000 }, 2002)).toEqual(['run-00001'])
    await unfinished.close()
    expect(await pruned({ ...none, maxAgeMs: 1000 }, 2002)).toEqual(['run-00000'])
  })

  it('by size deletes the oldest until the rest is within the limit', async () => {
    await makeRuns(4)
    const sizes = await Promise.all([4, 3].map((n) => sizeOf(`run-0000${n}`)))
    const maxBytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(await pruned({ ...none, maxBytes }, 2000)).toEqual(['run-00002', 'run-00001'])
  })

  it('leaves runs alone that are under way', async () => {
    const record = await history.create(startOf('run-00001'))
    await makeRuns(3, 2)
    expect(await pruned({ ...none, maxRuns: 1 }, 2000)).toEqual(['run-00003', 'run-00002'])
    await record.close()
    expect(await pruned({ ...none, maxRuns: 1 }, 2000)).toEqual([])
  })

  it('deletes the folder of a master that died while it made it', async () => {
    await mkdir(join(directory, 'run-00001'))
    expect(await pruned(none, Date.now())).toEqual([])
    await utimes(join(directory, 'run-00001'), 1000, 1000)
    expect(await pruned({ ...none, maxAgeMs: 60_000 }, Date.now())).toEqual(['run-00001'])
  })

  it('goes on with the others when one cannot be deleted, says so, and tries again the next time', async () => {
    await makeRuns(4)
    const owner = join(directory, 'run-00002', 'owner')
    await symlink('owner', owner)
    const { deleted, failed } = await history.prune({ ...none, maxRuns: 1 }, 2000)
    expect(deleted).toEqual(['run-00003', 'run-00001'])
    expect(failed.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Cannot delete the run in .*run-00002 \(ELOOP/),
    ])
    // Whole, and not half deleted.
    expect((await history.load('run-00002')).state.phase).toBe('over')
    await rm(owner)
    expect(await history.prune({ ...none, maxRuns: 1 }, 2000)).toEqual({ deleted: ['run-00002'], failed: [] })
  })

  it('removes what an earlier attempt has left of a deleted run', async () => {
    await mkdir(join(directory, 'run-00001.deleted-0a1b2c3d'))
    await writeFile(join(directory, 'run-00001.deleted-0a1b2c3d', 'output.log'), 'x')
    expect(await history.list()).toEqual([])
    expect(await history.prune(none, 2000)).toEqual({ deleted: [], failed: [] })
    expect(await readdir(directory)).toEqual([])
  })

  async function pruned(retention: Retention, now: number): Promise<readonly string[]> {
    const { deleted, failed } = await history.prune(retention, now)
    expect(failed).toEqual([])
    return deleted
  }

  async function makeRuns(count: number, from = 1): Promise<void> {
    for (let n = from; n < from + count; n += 1) {
      const { record, state } = await liveRun(history, { ...startOf(`run-0000${n}`), startedAt: 1000 + n })
      await record.summarize(state)
      await record.close()
    }
  }

  async function sizeOf(runId: string): Promise<number> {
    const files = await readdir(join(directory, runId))
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(join(directory, runId, file))).size),
    )
    return sizes.reduce((sum, size) => sum + size, 0)
  }
})

function startOf(runId: string): RunStart {
  return {
    runId,
    environment: 'testing',
    request: { filter: '*', action: { kind: 'ping' }, timeoutMs: 1000 },
    issuer: { name: 'ada', host: 'laptop' },
    startedAt: 1000,
  }
}

/** A run of two agents, lived through to its end. */
async function liveRun(into: History, start: RunStart): Promise<{ state: RunState; record: RunRecord }> {
  const record = await into.create(start)
  const state = startRunState(start)
  const live = (event: RunEvent, text?: string) => {
    if (text !== undefined && 'agentId' in event)
      record.output.append(event.agentId, [{ stream: 1, bytes: Buffer.from(text) }])
    applyEvent(state, event)
    record.append(event)
  }
  const agents = ['web1', 'web2'].map((agentId) => ({ agentId, hostname: agentId }))
  live({ kind: 'agentsExpected', agents, steps: [['web1', 'web2']] })
  live({ kind: 'stepStarted', at: 1 })
  for (const { agentId } of agents) live(outputEvent(agentId, 15), `hello from ${agentId}`)
  live(outputEvent('web1', 10), ', and more')
  for (const { agentId } of agents) {
    live({
      ...{ kind: 'resultReceived', ...heard(agentId), outcome: { kind: 'exited', code: 0 } },
      ...{ durationMs: 3, frames: 2, digest: 'x:y', droppedBytes: 0 },
    })
    live({ kind: 'outputSettled', agentId, output: 'complete', at: 7 })
  }
  expect([...state.replies.values()].every((reply) => isVerdict(reply.state))).toBe(true)
  // As it comes back from JSON, which knows no undefined.
  return { state: (await loadedAs(state)) as RunState, record }

  async function loadedAs(lived: RunState) {
    await record.flush()
    const { state: loaded } = await into.load(start.runId)
    expect(JSON.stringify([...loaded.replies])).toBe(JSON.stringify([...lived.replies]))
    return loaded
  }
}

function heard(agentId: string) {
  return { agentId, hostname: agentId, at: 5, identity: 'unproven' as const }
}

function outputEvent(agentId: string, stdoutBytes: number): RunEvent {
  return { kind: 'outputReceived', ...heard(agentId), stdoutBytes, stderrBytes: 0, frames: 1 }
}

async function copyOf(runId: string): Promise<{ directory: string; folder: string; history: History }> {
  const copy = await mkdtemp(join(tmpdir(), 'history-crashed-'))
  await cp(join(directory, runId), join(copy, runId), { recursive: true })
  return { directory: copy, folder: join(copy, runId), history: await History.open(copy) }
}

async function firstLineOf(path: string): Promise<{ size: number }> {
  return { size: (await readFile(path)).indexOf(0x0a) + 1 }
}

function textOf(chunks: readonly { bytes: Uint8Array }[]): string {
  return Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()
}
