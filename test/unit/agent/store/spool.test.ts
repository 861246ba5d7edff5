import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Spool } from '../../../../agent/src/store/spool.ts'
import { SpoolFull } from '../../../../agent/src/store/spooledReply.ts'

const minute = 60_000
const now = 1_000 * minute

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function put(runId: string, bytes: number, minutesAgo: number): void {
  const path = join(directory, `${runId}.reply`)
  writeFileSync(path, 'x'.repeat(bytes))
  const at = (now - minutesAgo * minute) / 1000
  utimesSync(path, at, at)
}

const left = () => readdirSync(directory).sort()

describe('the spool', () => {
  it('keeps of what is delivered the newest that its limit has room for, for an hour', async () => {
    for (const [runId, minutesAgo] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['old', 61],
    ] as const)
      put(runId, 400, minutesAgo)
    await new Spool(directory, () => 1_000).prune(new Set(), now)
    expect(left()).toEqual(['a.reply', 'b.reply'])
  })

  it('never removes what is not delivered, and does not count it', async () => {
    put('due', 5_000, 600)
    put('a', 400, 1)
    await new Spool(directory, () => 1_000).prune(new Set(['due']), now)
    expect(left()).toEqual(['a.reply', 'due.reply'])
  })

  it('takes output of replies that are not delivered up to a limit of all together, and every result', async () => {
    const spool = new Spool(
      directory,
      () => 1_000_000,
      () => 1_000,
    )
    const [first, second] = [spool.create('first'), spool.create('second')]
    const output = { kind: 'output', body: 'x'.repeat(400) } as const
    first.append(output)
    second.append(output)
    expect(() => first.append(output)).toThrow('the replies that are not delivered take all the space')
    first.append({ kind: 'result', body: 'x'.repeat(400) })
    expect([first.frames, first.isFinished]).toEqual([1, true])
    expect(() => second.append(output)).toThrow(SpoolFull)
    first.close()
    first.close()
    second.append(output)
    expect(() => second.append(output)).toThrow(SpoolFull)
  })

  it('counts what an earlier process has left, and not what is only read', async () => {
    put('due', 0, 1)
    writeFileSync(join(directory, 'due.reply'), `o ${'x'.repeat(700)}\n`)
    const spool = new Spool(
      directory,
      () => 1_000_000,
      () => 1_000,
    )
    const output = { kind: 'output', body: 'x'.repeat(400) } as const
    const reply = spool.create('new')
    await spool.find('due')
    reply.append(output)
    const due = await spool.resume('due')
    expect(() => reply.append(output)).toThrow(SpoolFull)
    due?.cutOff(0)
    reply.append(output)
  })

  it('follows a limit that is lowered while the agent works', async () => {
    let limit = 1_000
    const spool = new Spool(directory, () => limit)
    put('a', 400, 1)
    put('b', 400, 2)
    await spool.prune(new Set(), now)
    expect(left()).toEqual(['a.reply', 'b.reply'])
    limit = 500
    await spool.prune(new Set(), now + 2 * minute)
    expect(left()).toEqual(['a.reply'])
  })
})
