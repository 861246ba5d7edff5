import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { Journal } from '../../../../agent/src/store/journal.ts'
import { printLine } from '../../../../agent/src/store/journalLines.ts'

let directory: string
let path: string
let now: number
let logged: string[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(directory, 'journal')
  now = 1_000_000_000_000
  logged = []
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const audited = {
  runId: 'run',
  senderId: 'AIDA1',
  issuer: 'me@desk',
  action: 'shell',
  user: 'root',
  key: 'alice',
  sha256: 'ab',
}
const open = () =>
  Journal.open(
    path,
    createLog('info', (line) => logged.push(line), Date.now),
    () => now,
  )
const run = (runId: string) => ({ runId, at: now, replyTo: 'testing_agent', audited })

async function reopened(journal: Journal): Promise<Journal> {
  await journal.close()
  return open()
}

describe('the journal', () => {
  it('knows begun and barred runs after a restart, and which replies are due', async () => {
    let journal = await open()
    await journal.begin(run('run-begun-1'))
    await journal.begin(run('run-done-22'))
    journal.delivered('run-done-22')
    await journal.bar('run-barred-3')
    journal = await reopened(journal)
    expect(
      ['run-begun-1', 'run-done-22', 'run-barred-3', 'run-other-4'].map((id) => journal.knows(id)),
    ).toEqual([true, true, true, false])
    expect(journal.undelivered()).toEqual([run('run-begun-1')])
    await journal.close()
  })

  it('has a run on disk before it says so', async () => {
    const journal = await open()
    await journal.begin(run('run-on-disk'))
    expect(readFileSync(path, 'utf8')).toContain('"runId":"run-on-disk"')
    await journal.close()
  })

  it('writes a burst of runs together', async () => {
    const journal = await open()
    const ids = Array.from({ length: 500 }, (_, index) => `run-burst-${index}`)
    await Promise.all(ids.map((id) => journal.begin(run(id))))
    const next = await reopened(journal)
    expect(next.undelivered().map(({ runId }) => runId)).toEqual(ids)
    await next.close()
  })

  it('remembers since it was new, over restarts', async () => {
    let journal = await open()
    const since = journal.remembersSince
    expect(since).toBe(now)
    now += 60_000
    journal = await reopened(journal)
    expect(journal.remembersSince).toBe(since)
    await journal.close()
  })

  it('forgets what is older than a day, and then does not claim to remember it', async () => {
    let journal = await open()
    await journal.begin(run('run-delivered'))
    journal.delivered('run-delivered')
    await journal.begin(run('run-undelivered'))
    const begunAt = now
    now += 25 * 3600_000
    journal = await reopened(journal)
    expect(journal.knows('run-delivered')).toBe(false)
    expect(journal.remembersSince).toBe(begunAt)
    expect(journal.undelivered().map(({ runId }) => runId)).toEqual(['run-undelivered'])
    await journal.close()
  })

  it('stays small, whatever it is told', async () => {
    const journal = await open()
    for (let round = 0; round < 13; round += 1) {
      now += 1_000
      const ids = Array.from({ length: 1_000 }, (_, index) => `run-${round}-${index}`)
      await Promise.all(ids.map((id) => journal.begin(run(id))))
      for (const id of ids) journal.delivered(id)
    }
    const next = await reopened(journal)
    expect(next.knows('run-12-999')).toBe(true)
    expect(next.knows('run-0-0')).toBe(false)
    expect(next.remembersSince).toBeGreaterThan(1_000_000_000_000)
    expect(statSync(path).size).toBeLessThan(1_200_000)
    await next.close()
  })

  it('leaves out a last line that is torn, at whichever byte, and keeps the rest', async () => {
    const journal = await open()
    await journal.begin(run('run-whole-1'))
    const whole = statSync(path).size
    await journal.begin(run('run-torn-22'))
    await journal.close()
    const bytes = readFileSync(path)
    for (let cut = whole; cut < bytes.length - 1; cut += 7) {
      writeFileSync(path, bytes.subarray(0, cut))
      const next = await open()
      expect([next.knows('run-whole-1'), next.knows('run-torn-22')]).toEqual([true, false])
      expect(next.remembersSince).toBe(now)
      await next.close()
    }
  })

  it('that lost a line in its middle does not claim to remember', async () => {
    const journal = await open()
    for (const id of ['run-first-1', 'run-second-2', 'run-third-3']) await journal.begin(run(id))
    await journal.close()
    const text = readFileSync(path, 'utf8').replace('run-second-2', 'run-sEcond-2')
    writeFileSync(path, text)
    now += 5_000
    const next = await open()
    expect(['run-first-1', 'run-second-2', 'run-third-3'].map((id) => next.knows(id))).toEqual([
      true,
      false,
      true,
    ])
    expect(next.remembersSince).toBe(now)
    expect(logged.join('')).toMatch(/1 damaged lines/)
    await next.close()
  })

  it('with a line of a kind that only a later version knows does not claim to remember', async () => {
    const journal = await open()
    await journal.begin(run('run-first-1'))
    await journal.close()
    appendFileSync(path, printLine({ t: 'promised', runId: 'run-second-2' } as never))
    now += 5_000
    const next = await open()
    expect([next.knows('run-first-1'), next.knows('run-second-2')]).toEqual([true, false])
    expect(next.remembersSince).toBe(now)
    await next.close()
  })

  it('opens whatever is in its file, and works from then on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        writeFileSync(path, bytes)
        const journal = await open()
        await journal.begin(run('run-after-all'))
        const next = await reopened(journal)
        expect(next.knows('run-after-all')).toBe(true)
        await next.close()
      }),
      { numRuns: 30 },
    )
  })

  it('is repaired once: what was damaged is not complained of again', async () => {
    await (await open()).close()
    appendFileSync(path, 'nonsense\n')
    await (await open()).close()
    logged = []
    await (await open()).close()
    expect(logged).toEqual([])
  })

  it('may be empty after a crash', async () => {
    const journal = await open()
    await journal.close()
    truncateSync(path)
    now += 1_000
    const next = await open()
    expect(next.remembersSince).toBe(now)
    await next.close()
  })
})
