import { describe, expect, it } from 'vitest'
import { FactReader, type FactSource } from '../../../../agent/src/facts/factReader.ts'
import type { Facts } from '../../../../src/protocol/facts.ts'

/** A source that gives what it is told, or fails. */
function source(name: string, first: Facts | Error) {
  const played = { name, next: first, reads: 0 }
  const read: FactSource['read'] = async () => {
    played.reads += 1
    if (played.next instanceof Error) throw played.next
    return played.next
  }
  return Object.assign(played, { read })
}

describe('the fact reader', () => {
  it('merges its sources in their order', async () => {
    const reader = new FactReader(async () => [source('one', { a: 1, b: 1 }), source('two', { b: 2 })])
    expect((await reader.refresh()).facts).toEqual({ a: 1, b: 2 })
  })

  it('keeps the last good facts of a source in trouble, and says so until it is well again', async () => {
    const shaky = source('file /etc/facts.yaml', { role: 'web' })
    const reader = new FactReader(async () => [shaky, source('other', { b: 1 })])
    await reader.refresh()
    shaky.next = new Error('no such file')
    const troubled = await reader.refresh()
    expect(troubled.facts).toEqual({ role: 'web', b: 1 })
    expect(troubled.problems).toEqual(['file /etc/facts.yaml: no such file'])
    shaky.next = { role: 'db' }
    expect(await reader.refresh()).toMatchObject({ facts: { role: 'db', b: 1 }, problems: [] })
  })

  it('does without a source that never worked', async () => {
    const reader = new FactReader(async () => [source('bad', new Error('broken')), source('good', { a: 1 })])
    expect(await reader.refresh()).toMatchObject({ facts: { a: 1 }, problems: ['bad: broken'] })
  })

  it('forgets a source that is gone', async () => {
    const sources = [source('one', { a: 1 }), source('two', { b: 2 })]
    const reader = new FactReader(async () => [...sources])
    await reader.refresh()
    sources.pop()
    expect((await reader.refresh()).facts).toEqual({ a: 1 })
  })

  it('reads anew for everyone who asks during a reading, once for all of them', async () => {
    const counted = source('one', { a: 1 })
    const reader = new FactReader(async () => [counted])
    const first = reader.refresh()
    const [second, third] = [reader.refresh(), reader.refresh()]
    await Promise.all([first, second, third])
    expect(counted.reads).toBe(2)
  })
})
