import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AuditLog } from '../../../../agent/src/log/auditLog.ts'
import { createLog } from '../../../../agent/src/log/log.ts'
import { LogFile } from '../../../../agent/src/log/logFile.ts'
import { Journal } from '../../../../agent/src/store/journal.ts'
import { printLine } from '../../../../agent/src/store/journalLines.ts'
import { mountSmallDisk, type SmallDisk } from '../../../support/smallDisk.ts'

let directory: string
let path: string
/** SQS's clock. */
let now: number
let isKnown: boolean
let steady: () => number
let logged: string[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'))
  path = join(directory, 'journal')
  now = 1_000_000_000_000
  isKnown = true
  steady = () => now
  logged = []
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const audited = {
  runId: 'run',
  senderId: 'AIDA1',
  issuer: 'me@desk',
  action: 'shell',
  user: 'root',
  claimedKey: 'alice',
  verifiedKey: 'alice',
  sha256: 'ab',
  environment: 'testing',
  filter: '*',
  targets: 1,
  variables: undefined,
}
const logger = () => createLog('info', (line) => logged.push(line), Date.now)
const unaudited = () =>
  new AuditLog({ agentId: 'agent-1', file: undefined, copy: undefined, log: logger(), now: () => now })
const open = (audit = unaudited()) =>
  Journal.open(path, logger(), { sqs: () => now, isSqsKnown: () => isKnown, steady: () => steady() }, audit)
const run = (runId: string) => ({ runId, replyTo: 'testing_agent', audited })

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
    expect(journal.undelivered()).toEqual([{ ...run('run-begun-1'), at: now }])
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
    // It may have been issued a little later than it was begun, by another’s reading of the clock.
    expect(journal.remembersSince).toBe(begunAt + 2_000)
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

describe('a journal and the clocks', () => {
  const since = async (value: number) => {
    writeFileSync(path, printLine({ t: 'memory', since: value }))
    return open()
  }

  it('that began in the future remembers since it was opened, and says so from then on', async () => {
    const openedAt = now
    let journal = await since(now + 300 * 24 * 3600_000)
    now += 1_000
    expect(journal.remembersSince).toBe(openedAt)
    now += 60_000
    expect(journal.remembersSince).toBe(openedAt)
    journal = await reopened(journal)
    expect(journal.remembersSince).toBe(openedAt)
    await journal.close()
  })

  it('that is new remembers since it was opened, by SQS’s clock, also when that is known only later', async () => {
    isKnown = false
    const elapsed = { ms: 0 }
    steady = () => elapsed.ms
    const sqs = now
    now -= 3_600_000
    let journal = await open()
    // Commands that waited for a restart ask before that: the guess must not count later.
    expect(journal.remembersSince).toBe(sqs - 3_600_000)
    elapsed.ms = 5_000
    now = sqs + 5_000
    isKnown = true
    expect(journal.remembersSince).toBe(sqs)
    await journal.begin(run('run-00000001'))
    elapsed.ms = 60_000
    now = sqs + 60_000
    journal = await reopened(journal)
    expect(journal.remembersSince).toBe(sqs)
    await journal.close()
  })

  it('forgets nothing by a clock that it does not know', async () => {
    let journal = await open()
    await journal.begin(run('run-delivered'))
    journal.delivered('run-delivered')
    isKnown = false
    now += 26 * 3600_000
    journal = await reopened(journal)
    expect(journal.knows('run-delivered')).toBe(true)
    await journal.close()
  })

  it('does not become deaf by forgetting runs that were written down while a clock was ahead', async () => {
    const future = now + 300 * 24 * 3600_000
    const lines = Array.from({ length: 10_050 }, (_, index) =>
      printLine({ t: 'known', runId: `run-${index}`, at: future }),
    )
    writeFileSync(path, [printLine({ t: 'memory', since: now - 1_000 }), ...lines].join(''))
    const journal = await open()
    expect(journal.knows('run-0')).toBe(false)
    expect(journal.remembersSince).toBeLessThanOrEqual(now)
    await journal.close()
  })
})

describe('a journal whose disk fills up', () => {
  let disk: SmallDisk | undefined

  beforeEach((context) => {
    disk = mountSmallDisk(join(directory, 'disk'), 256)
    if (disk === undefined) return context.skip('only root may mount a disk to fill')
    path = join(disk.directory, 'journal')
  })

  afterEach(() => disk?.stop())

  /** Begins runs until the disk takes no more of them. */
  async function beginUntilFull(journal: Journal): Promise<string[]> {
    const ids: string[] = []
    while (journal.problem === undefined) {
      ids.push(`run-${ids.length}-begun`)
      await journal.begin(run(ids.at(-1) as string))
    }
    return ids
  }

  it('takes runs on all the same, and says so', async () => {
    const journal = await open()
    disk?.fill()
    const ids = await beginUntilFull(journal)
    expect(journal.problem).toMatch(/^Cannot write the journal .* \(.*(ENOSPC|the disk is full)/)
    expect(logged.at(-1)).toContain(journal.problem)
    await journal.begin(run('run-one-more'))
    await journal.bar('run-barred-2')
    expect([...ids, 'run-one-more', 'run-barred-2'].every((id) => journal.knows(id))).toBe(true)
    expect(existsSync(path)).toBe(false)
    await journal.close()
  })

  it('does not remember, in its next process, what was sent before that', async () => {
    const journal = await open()
    const since = journal.remembersSince
    disk?.fill()
    const ids = await beginUntilFull(journal)
    await journal.begin(run('run-unwritten'))
    // The process dies here: nothing is closed.
    now += 60_000
    const openedAt = now
    const next = await open()
    expect(next.remembersSince).toBe(openedAt)
    expect(openedAt).toBeGreaterThan(since)
    // What was written is known, and answered for.
    expect(next.knows(ids[0] as string)).toBe(true)
    expect(next.undelivered().length).toBeGreaterThan(0)
    expect(next.knows('run-unwritten')).toBe(false)
    expect(logged.join('')).toMatch(
      /could not be written for a time\. Commands sent before now are not executed/,
    )
    await Promise.all([journal.close(), next.close()])
  })

  it('writes all of it down as soon as the disk has room, and remembers as before', async () => {
    const journal = await open()
    const since = journal.remembersSince
    disk?.fill()
    const ids = await beginUntilFull(journal)
    disk?.free()
    await journal.begin(run('run-too-early'))
    expect(journal.problem).toBeDefined()
    now += 10_000
    await journal.begin(run('run-restored'))
    expect(journal.problem).toBeUndefined()
    expect(logged.at(-1)).toMatch(/is complete again/)
    now += 60_000
    const next = await reopened(journal)
    expect([...ids, 'run-too-early', 'run-restored'].every((id) => next.knows(id))).toBe(true)
    expect(next.remembersSince).toBe(since)
    expect(existsSync(`${path}.aside`)).toBe(false)
    await next.close()
  })

  it('writes it down when it is closed, if it can', async () => {
    const journal = await open()
    const since = journal.remembersSince
    disk?.fill()
    const ids = await beginUntilFull(journal)
    disk?.free()
    const next = await reopened(journal)
    expect(next.knows(ids.at(-1) as string)).toBe(true)
    expect(next.remembersSince).toBe(since)
    await next.close()
  })

  it('takes nothing on while what is on the disk can be neither added to nor put out of force', async () => {
    const journal = await open()
    // Nothing can be renamed to this.
    mkdirSync(join(`${path}.aside`, 'full'), { recursive: true })
    disk?.fill()
    let refused: Error | undefined
    for (let count = 0; refused === undefined; count += 1) {
      await journal.begin(run(`run-${count}-begun`)).catch((error: Error) => {
        refused = error
        expect(journal.knows(`run-${count}-begun`)).toBe(false)
      })
    }
    expect(refused.message).toMatch(/the journal cannot be set aside/)
    expect(journal.problem).toMatch(/commands are refused/)
    disk?.free()
    await journal.begin(run('run-again'))
    expect(journal.problem).toBeUndefined()
    await journal.close()
  })

  it('starts on a full disk, with what there is', async () => {
    const first = await open()
    disk?.fill()
    const [id] = await beginUntilFull(first)
    const next = await open()
    expect(next.problem).toMatch(/Cannot write the journal/)
    expect(next.knows(id as string)).toBe(true)
    await next.begin(run('run-later'))
    await Promise.all([first.close(), next.close()])
  })

  it('starts on a full disk where there was none', async () => {
    disk?.fill()
    const journal = await open()
    expect(journal.problem).toMatch(/Cannot write the journal/)
    await journal.begin(run('run-first-1'))
    expect(journal.knows('run-first-1')).toBe(true)
    disk?.free()
    await journal.close()
  })
})

describe('the journal and the audit log', () => {
  let auditPath: string
  beforeEach(() => {
    auditPath = join(directory, 'audit.log')
  })
  const openAudit = () =>
    new AuditLog({
      ...{ agentId: 'agent-1', file: new LogFile(auditPath), copy: undefined, log: logger(), now: () => now },
    })
  /** As the agent does with a command that it accepts. */
  const begin = async (journal: Journal, audit: AuditLog, runId: string) => {
    const command = { ...audited, runId }
    const entry = audit.note('received', command, { content: `echo ${runId}` })
    if (typeof entry === 'string') throw new Error(entry)
    await journal.begin(
      { runId, replyTo: 'testing_agent', audited: command },
      { ...entry, content: `echo ${runId}` },
    )
  }
  const received = () =>
    readFileSync(auditPath, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"event":"received"') && line.endsWith('}'))
      .map((line) => JSON.parse(line))

  it('share one sync for each run', async () => {
    const audit = openAudit()
    const journal = await open(audit)
    await begin(journal, audit, 'run-00000001')
    const syncs = await countingSyncs(() => begin(journal, audit, 'run-00000002'))
    expect(syncs).toBe(1)
    await journal.close()
  })

  it('say of every run that it was received, wherever a failure of power cuts off what was not synced', async () => {
    let audit = openAudit()
    let journal = await open(audit)
    const synced = statSync(auditPath).size
    for (const number of [1, 2, 3]) {
      await begin(journal, audit, `run-0000000${number}`)
      audit.note('ended', { ...audited, runId: `run-0000000${number}` }, { verdict: 'succeeded' })
    }
    journal.delivered('run-00000001')
    await journal.close()
    const [whole, memory] = [readFileSync(auditPath), readFileSync(path)]
    for (let cut = synced; cut <= whole.length; cut += 7) {
      writeFileSync(auditPath, whole.subarray(0, cut))
      writeFileSync(path, memory)
      audit = openAudit()
      journal = await open(audit)
      await journal.close()
      expect(
        received().map(({ runId }) => runId),
        `cut at ${cut}`,
      ).toEqual(['run-00000001', 'run-00000002', 'run-00000003'])
      expect(received().at(-1)).toMatchObject({
        agentId: 'agent-1',
        sha256: 'ab',
        content: 'echo run-00000003',
      })
      // Once is enough.
      await (await open(openAudit())).close()
      expect(received()).toHaveLength(3)
    }
  })

  it('sync the audit log before the journal forgets what it vouched for', async () => {
    const audit = openAudit()
    const journal = await open(audit)
    const order: string[] = []
    const sync = audit.sync.bind(audit)
    audit.sync = async () => {
      await sync()
      order.push(readFileSync(path, 'utf8').includes('"received"') ? 'synced before' : 'forgotten before')
    }
    for (let number = 0; order.length === 0; number += 1) {
      await begin(journal, audit, `run-${String(number).padStart(8, '0')}`)
      journal.delivered(`run-${String(number).padStart(8, '0')}`)
    }
    expect(order).toEqual(['synced before'])
    await journal.close()
  })

  it('sync the audit log itself while the journal cannot be written', async () => {
    const audit = openAudit()
    const journal = await open(audit)
    let syncs = 0
    audit.sync = async () => {
      syncs += 1
    }
    await journal.close()
    rmSync(path)
    mkdirSync(path)
    await begin(journal, audit, 'run-00000001')
    expect(journal.problem).toContain('remembered in memory only')
    expect(syncs).toBe(1)
  })
})

/** How often files were brought to disk for good meanwhile. */
async function countingSyncs(work: () => Promise<void>): Promise<number> {
  const file = await openFile(path)
  const prototype = Object.getPrototypeOf(file)
  await file.close()
  let syncs = 0
  const spies = (['sync', 'datasync'] as const).map((name) => {
    const original = prototype[name]
    return vi.spyOn(prototype, name).mockImplementation(function (this: unknown) {
      syncs += 1
      return original.call(this)
    })
  })
  const callback = vi.spyOn(LogFile.prototype, 'sync').mockImplementation(async () => {
    syncs += 1
    return undefined
  })
  try {
    await work()
    return syncs
  } finally {
    for (const spy of [...spies, callback]) spy.mockRestore()
  }
}
