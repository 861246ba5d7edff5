import { describe, expect, it } from 'vitest'
import { FactsPublisher } from '../../../../agent/src/announcing/factsPublisher.ts'
import { FactReader } from '../../../../agent/src/facts/factReader.ts'
import { createLog } from '../../../../agent/src/log/log.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import type { Facts } from '../../../../src/protocol/facts.ts'
import { until } from '../../../support/until.ts'
import { realFacts } from '../../protocol/filter/realFacts.ts'

/** A publisher whose facts can be changed; what it sends is kept. */
function setUp(limitBytes = 64 * 1024, refreshMs = 30_000) {
  const played: { facts: Facts; problems: string[] } = { facts: { role: 'web' }, problems: [] }
  const conditions: string[] = []
  const bodies: string[] = []
  const logged: string[] = []
  const reader = new FactReader(async () => ({
    sources: [{ name: 'file x', withinMs: 1_000, read: async () => ({ ...played, warnings: [] }) }],
    warnings: [],
    problems: [],
  }))
  const outbox = {
    post: (_queue: string, body: string) => void bodies.push(body),
    bodyLimit: async () => limitBytes,
  }
  const publisher = new FactsPublisher({
    reader,
    outbox,
    log: createLog('info', (line) => logged.push(line), Date.now),
    random: () => 0.5,
    head: () => ({
      agentId: 'agent-1',
      hostname: 'host',
      environment: 'testing',
      version: '1',
      startedAt: 0,
      sentAt: 0,
      intervalMs: 30_000,
      running: [],
    }),
    conditions: () => conditions,
    settings: () => ({ queue: 'testing_facts', publish: true, refreshMs }),
  })
  const published = () => bodies.map((body) => openBody(body, 'facts').message)
  return { played, conditions, reader, outbox, publisher, bodies, published, logged }
}

describe('the publisher of facts', () => {
  it('publishes what is news, and nothing else', async () => {
    const { played, publisher, published } = setUp()
    await publisher.refresh()
    await publisher.refresh()
    played.facts = { role: 'web', load_averages: { '1m': 0.5 } }
    await publisher.refresh()
    played.facts = { role: 'db', load_averages: { '1m': 0.7 } }
    await publisher.refresh()
    await until(() => published().length >= 2, 'two messages')
    expect(published().map(({ facts }) => facts.role)).toEqual(['web', 'db'])
  })

  it('says with its last facts that the agent stops', async () => {
    const { publisher, published } = setUp()
    await publisher.refresh()
    await publisher.leave()
    expect(published()).toMatchObject([{ facts: { role: 'web' } }, { facts: { role: 'web' }, leaving: true }])
    expect(published()[0]).not.toHaveProperty('leaving')
  })

  it('publishes what is wrong with the agent itself at once, as long as it is', async () => {
    const { conditions, publisher, published } = setUp()
    await publisher.refresh()
    conditions.push('the disk is full')
    await publisher.refresh()
    conditions.pop()
    await publisher.refresh()
    await until(() => published().length === 3, 'three messages')
    expect(published().map(({ problems }) => problems)).toEqual([undefined, ['the disk is full'], undefined])
  })

  it('logs what is wrong once, and when it is over', async () => {
    const { played, publisher, logged } = setUp()
    played.problems = ['broken']
    await publisher.refresh()
    await publisher.refresh()
    played.problems = []
    await publisher.refresh()
    expect(logged.map((line) => line.slice(25).trim())).toEqual([
      'WARN  Facts: file x: broken',
      'INFO  Facts: solved: file x: broken',
    ])
  })

  it('goes on when a reading, or a message, fails', async () => {
    const { reader, publisher, published, logged, outbox } = setUp(64 * 1024, 5)
    const [refresh, bodyLimit] = [reader.refresh.bind(reader), outbox.bodyLimit]
    let [reads, asks] = [0, 0]
    reader.refresh = async (fresh) => {
      reads += 1
      if (reads === 1) throw new Error('a mistake in reading')
      return refresh(fresh)
    }
    outbox.bodyLimit = async () => {
      asks += 1
      if (asks === 1) throw new Error('a mistake in publishing')
      return bodyLimit()
    }
    publisher.announce()
    const stop = new AbortController()
    const running = publisher.run(stop.signal)
    await until(() => published().length > 0, 'a message')
    stop.abort()
    await running
    expect(logged.join('')).toContain('Cannot read facts: a mistake in reading')
    expect(logged.join('')).toContain('Cannot publish facts: a mistake in publishing')
  })

  it('publishes all that facter says on any real system in far less than 64 KiB', async () => {
    const systems = realFacts()
    expect(systems.size).toBeGreaterThan(25)
    for (const [system, facts] of systems) {
      const { played, publisher, published, bodies } = setUp()
      played.facts = facts
      await publisher.refresh()
      await until(() => bodies.length > 0, `the facts of ${system}`)
      expect(published()[0]).toMatchObject({ facts })
      expect(published()[0]).not.toHaveProperty('problems')
      expect(Buffer.byteLength(bodies[0] as string)).toBeLessThan(16 * 1024)
    }
  })

  it('leaves out the largest facts when all are too much for the queue, and says so', async () => {
    const { played, publisher, bodies, published, logged } = setUp(2_048)
    const noise = (length: number) => Array.from({ length }, (_, index) => (index * 7919) % 9973).join('-')
    played.facts = { role: 'web', big: noise(2_000), bigger: noise(3_000), small: noise(20) }
    await publisher.refresh()
    await until(() => bodies.length === 1, 'a message')
    const [message] = published()
    expect(Object.keys(message?.facts ?? {})).toEqual(['role', 'small'])
    expect(message?.problems).toEqual([
      expect.stringMatching(/^Facts bigger, big are not published: .* 2048 bytes/),
    ])
    expect(bodies[0]?.length).toBeLessThanOrEqual(2_048)
    expect(logged.join('')).toMatch(/Facts bigger, big are not published/)
    publisher.announce()
    await until(() => bodies.length === 2, 'the next message')
    expect(logged.filter((line) => line.includes('not published'))).toHaveLength(1)
  })

  it('leaves out facts of more parts than masters read, and says so', async () => {
    const { played, publisher, published } = setUp(256 * 1024)
    played.facts = { role: 'web', flags: Array.from({ length: 60_000 }, () => 0) }
    await publisher.refresh()
    await until(() => published().length === 1, 'a message')
    expect(published()[0]).toMatchObject({
      facts: { role: 'web' },
      problems: [expect.stringMatching(/^Fact flags is not published: .* 50000 commas, colons and brackets/)],
    })
  })

  it('finds what to leave out of thousands of facts in a few attempts', async () => {
    const { played, publisher, published } = setUp(8_192)
    played.facts = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`fact${index}`, `${(index * 7919) % 99_991}`]),
    )
    await publisher.refresh()
    await until(() => published().length === 1, 'a message')
    const [message] = published()
    const left = Object.keys(message?.facts ?? {}).length
    expect(left).toBeGreaterThan(500)
    expect(message?.problems?.[0]).toMatch(new RegExp(`and ${5_000 - left - 5} more are not published`))
  })
})
