import { describe, expect, it, vi } from 'vitest'
import { FactReader } from '../../../../agent/src/facts/factReader.ts'
import type { FactSource, SourceReading } from '../../../../agent/src/facts/factSource.ts'
import type { Facts } from '../../../../src/protocol/facts.ts'

/** A source that gives what it is told, or fails. */
function source(name: string, first: Facts | Error) {
  const played = { name, next: first, reads: 0, fresh: false, withinMs: 5_000 }
  const read: FactSource['read'] = async (fresh) => {
    played.reads += 1
    played.fresh = fresh
    if (played.next instanceof Error) throw played.next
    return { facts: played.next, problems: [], warnings: [] }
  }
  return Object.assign(played, { read })
}

const readerOf = (...sources: FactSource[]) =>
  new FactReader(async () => ({ sources, warnings: [], problems: [] }))

describe('the fact reader', () => {
  it('merges its sources in their order', async () => {
    const reader = readerOf(source('one', { a: 1, b: 1 }), source('two', { b: 2 }))
    expect((await reader.refresh()).facts).toEqual({ a: 1, b: 2 })
  })

  it('keeps the last good facts of a source in trouble, and says so until it is well again', async () => {
    const shaky = source('file /etc/facts.yaml', { role: 'web' })
    const reader = readerOf(shaky, source('other', { b: 1 }))
    await reader.refresh()
    shaky.next = new Error('no such file')
    const troubled = await reader.refresh()
    expect(troubled.facts).toEqual({ role: 'web', b: 1 })
    expect(troubled.problems).toEqual(['file /etc/facts.yaml: no such file'])
    shaky.next = { role: 'db' }
    expect(await reader.refresh()).toMatchObject({ facts: { role: 'db', b: 1 }, problems: [] })
  })

  it('tells a failed reading to those who waited for it, and to nobody after them', async () => {
    let isBroken = true
    const reader = readerOf({
      ...{ name: 'a mistake of ours', withinMs: 5_000 },
      read: async () => (isBroken ? (undefined as never) : { facts: { a: 1 }, problems: [], warnings: [] }),
    })
    const readings = [reader.refresh(), reader.refresh()]
    for (const end of await Promise.allSettled(readings)) expect(end.status).toBe('rejected')
    isBroken = false
    const next = [reader.refresh(), reader.refresh()]
    for (const { facts } of await Promise.all(next)) expect(facts).toEqual({ a: 1 })
  })

  it('does without a source that never worked', async () => {
    const reader = readerOf(source('bad', new Error('broken')), source('good', { a: 1 }))
    expect(await reader.refresh()).toMatchObject({ facts: { a: 1 }, problems: ['bad: broken'] })
  })

  it('passes on what a source complains of beside its facts', async () => {
    const half: FactSource = {
      name: 'facter',
      withinMs: 5_000,
      read: async () => ({ facts: { a: 1 }, problems: ['exit code 1: x'], warnings: ['a is there twice'] }),
    }
    expect(await readerOf(half).refresh()).toMatchObject({
      facts: { a: 1 },
      problems: ['facter: exit code 1: x'],
      warnings: ['facter: a is there twice'],
    })
  })

  it('forgets a source that is gone', async () => {
    const sources = [source('one', { a: 1 }), source('two', { b: 2 })]
    const reader = new FactReader(async () => ({ sources: [...sources], warnings: [], problems: [] }))
    await reader.refresh()
    sources.pop()
    expect((await reader.refresh()).facts).toEqual({ a: 1 })
  })

  it('reads again for all who ask during a reading, once for all of them', async () => {
    const counted = source('one', { a: 1 })
    const reader = readerOf(counted)
    const first = reader.refresh()
    const [second, third] = [reader.refresh(), reader.refresh(true)]
    await Promise.all([first, second, third])
    expect(counted.reads).toBe(2)
    expect(counted.fresh).toBe(true)
    await reader.refresh()
    expect(counted.fresh).toBe(false)
  })

  it('goes on with the sources that it knows when it cannot look which there are', async () => {
    let fails = false
    const reader = new FactReader(async () => {
      if (fails) throw new Error('disk trouble')
      return { sources: [source('one', { a: 1 })], warnings: [], problems: [] }
    })
    await reader.refresh()
    fails = true
    expect(await reader.refresh()).toMatchObject({
      facts: { a: 1 },
      problems: ['the list of sources: disk trouble'],
    })
  })
})

describe('a source that does not answer', () => {
  /** Answers when it is told to. */
  function silent(name: string) {
    let reads = 0
    let answer: (reading: SourceReading) => void = () => {}
    const hung: FactSource = {
      name,
      withinMs: 3_000,
      read: () => {
        reads += 1
        return new Promise((resolve) => {
          answer = resolve
        })
      },
    }
    return {
      hung,
      reads: () => reads,
      answer: (facts: Facts) => answer({ facts, problems: [], warnings: [] }),
    }
  }

  it('is waited for until its time is over, stops no other, and is not asked again before it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const { hung, reads, answer } = silent('file /mnt/away')
      const reader = readerOf(hung, source('other', { a: 1 }))
      const reading = reader.refresh()
      await vi.advanceTimersByTimeAsync(3_000)
      expect(await reading).toMatchObject({
        facts: { a: 1 },
        problems: ['file /mnt/away: did not answer within 3 s'],
      })
      await vi.advanceTimersByTimeAsync(30_000)
      expect((await reader.refresh()).problems).toEqual(['file /mnt/away: has not answered for 33 s'])
      expect(reads()).toBe(1)
      answer({ late: true })
      await vi.advanceTimersByTimeAsync(0)
      const next = reader.refresh()
      await vi.advanceTimersByTimeAsync(0)
      answer({ role: 'web' })
      expect(await next).toMatchObject({ facts: { role: 'web', a: 1 }, problems: [] })
    } finally {
      vi.useRealTimers()
    }
  })
})
