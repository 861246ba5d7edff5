import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connections } from '../../../../src/console/environments/connections.ts'
import type { DeclaredEnvironment } from '../../../../src/declarations/declaredEnvironment.ts'
import { Master } from '../../../../src/master/master.ts'
import { History } from '../../../../src/master/store/history.ts'
import { createQueues, type Queues } from '../../../../src/queues/queues.ts'
import { declared } from '../../../support/declared.ts'
import { deferred } from '../../../support/deferred.ts'
import { gatherWarnings } from '../../../support/gatherWarnings.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { emptyQueue, playedQueues } from '../../../support/playedQueues.ts'
import { until } from '../../../support/until.ts'

/** Names of the environments that were opened, in order. */
let opened: string[]
let busy: Set<string>
let refused: Error | undefined
let folder: string
let connections: Connections

beforeEach(async () => {
  opened = []
  busy = new Set()
  refused = undefined
  folder = await mkdtemp(path.join(tmpdir(), 'connections-'))
  connections = new Connections(
    async ({ environment }) => {
      opened.push(`${environment.name} as ${environment.profile ?? 'default'}`)
      if (refused !== undefined) throw refused
      // Real ones, at an address where nobody is: opening and closing asks nothing of SQS.
      const queues = createQueues({ ...environment, endpoint: 'http://127.0.0.1:1', credentials })
      const history = await History.open(folder)
      const issuer = { name: 'anna', host: 'atlas' }
      return { queues, master: new Master({ environment, queues, issuer, masterId: 'm1', history }) }
    },
    (key) => busy.has(key),
  )
})
afterEach(async () => {
  vi.useRealTimers()
  await connections.close()
  await rm(folder, { recursive: true, force: true })
})

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const kinds = (...all: DeclaredEnvironment[]) => all.map(({ key }) => connections.state(key).kind)

describe('A connection', () => {
  const staging = declared('staging', { profile: 'anna' })
  const other = declared('other')

  it('is opened when it is first used, and once for all who ask at the same time', async () => {
    expect(kinds(staging)).toEqual(['closed'])
    const [one, two] = await Promise.all([connections.use(staging), connections.use(staging)])
    expect(one.master).toBe(two.master)
    expect(opened).toEqual(['staging as anna'])
    expect(kinds(staging, other)).toEqual(['open', 'closed'])
  })

  it('is closed when the identity changes, and opened again on demand', async () => {
    const before = await connections.use(staging)
    await connections.use(other)
    await connections.reset(({ environment }) => environment.name === 'staging')
    expect(kinds(staging, other)).toEqual(['closed', 'open'])
    expect((await connections.use(staging)).master).not.toBe(before.master)
  })

  it('that was on its way when the identity changed comes as the new one', async () => {
    const using = connections.use(staging)
    await connections.follow([declared('staging', { profile: 'bert' })])
    await using
    expect(opened).toEqual(['staging as anna', 'staging as bert'])
    expect(kinds(staging)).toEqual(['open'])
  })

  it('with a run under way is left alone until that is over', async () => {
    await connections.use(staging)
    busy.add(staging.key)
    await connections.reset(() => true)
    expect(kinds(staging)).toEqual(['open'])
    busy.clear()
    await connections.closeStale()
    expect(kinds(staging)).toEqual(['closed'])
  })

  it('follows its declaration: a changed one is reopened, a removed one closed, others are not touched', async () => {
    const changed = declared('staging', { profile: 'bert' })
    await connections.use(staging)
    const { master } = await connections.use(other)
    await connections.follow([changed, other])
    expect(kinds(staging, other)).toEqual(['closed', 'open'])
    await connections.use(changed)
    expect(opened).toEqual(['staging as anna', 'other as default', 'staging as bert'])
    expect((await connections.use(other)).master).toBe(master)
    await connections.follow([changed])
    expect(kinds(changed, other)).toEqual(['open', 'closed'])
  })

  it('is opened again when another key signs there', async () => {
    await connections.use(staging)
    await connections.follow([{ ...staging, signingKey: 'alice=alice.pem' }])
    expect(kinds(staging)).toEqual(['closed'])
  })

  it('that could not be opened keeps saying why while it is tried again in the background', async () => {
    refused = new Error('not agreed to')
    await expect(connections.use(staging)).rejects.toThrow('not agreed to')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const seen = new Set<string>()
    connections.onDidChange(({ key }) => seen.add(connections.state(key).kind))
    const watch = connections.watch(staging)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(opened.length).toBeGreaterThan(2)
    expect([...seen]).toEqual(['failed'])
    watch.dispose()
  })

  it('that is watched only while it is open is not opened by that, and at once by one who needs it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const idle = connections.watchOpen(staging)
    await vi.advanceTimersByTimeAsync(60_000)
    expect([opened, kinds(staging)]).toEqual([[], ['closed']])
    const watch = connections.watch(staging)
    // Without the pause of those who only watched.
    await vi.advanceTimersByTimeAsync(0)
    expect(opened).toEqual(['staging as anna'])
    watch.dispose()
    idle.dispose()
    idle.dispose()
  })

  it('that could not be opened says why, and is tried again by the next who needs it', async () => {
    refused = new Error('no such profile')
    await expect(connections.use(staging)).rejects.toThrow('no such profile')
    expect(connections.state(staging.key)).toMatchObject({ kind: 'failed', error: refused })
    refused = undefined
    await connections.use(staging)
    expect(kinds(staging)).toEqual(['open'])
  })
})

describe('A fleet that is watched', () => {
  const staging = declared('staging')

  let history: History

  beforeEach(async () => {
    history = await History.open(folder)
  })

  /** Connections whose masters have queues of `parts`. */
  function connectionsWith(parts: () => Partial<Queues>): Connections {
    return new Connections(
      async ({ environment }) => {
        const queues = playedQueues({
          attributes: async () => emptyQueue,
          receive: async () => [],
          ...parts(),
        })
        const issuer = { name: 'anna', host: 'atlas' }
        return { queues, master: new Master({ environment, queues, issuer, masterId: 'm1', history }) }
      },
      () => false,
    )
  }

  it('is read once at a time and in each pause, also when it was hidden and shown while it was read', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const held = deferred()
    let sweeps = 0
    const each = connectionsWith(() => ({
      attributes: async () => {
        sweeps += 1
        await held.promise
        return emptyQueue
      },
    }))
    let watch = each.watch(staging)
    await settled()
    for (let toggles = 0; toggles < 10; toggles += 1) {
      watch.dispose()
      watch = each.watch(staging)
      await settled()
    }
    held.resolve()
    await settled()
    expect(sweeps).toBe(1)
    for (let seconds = 2; seconds <= 60; seconds += 2) {
      await vi.advanceTimersByTimeAsync(2_000)
      await settled()
    }
    expect(sweeps).toBe(31)
    await each.close()
  })

  it('comes as the new one, also when the old one cannot be closed', async () => {
    const warnings = gatherWarnings()
    let opens = 0
    const each = connectionsWith(() => {
      opens += 1
      return opens > 1
        ? {}
        : {
            close: () => {
              throw new Error('not to be closed')
            },
          }
    })
    const using = each.use(staging)
    await each.reset(() => true)
    expect((await using).master).toBeDefined()
    expect(opens).toBe(2)
    await each.close()
    expect(await warnings.stop()).toEqual([expect.stringContaining('not to be closed')])
  })

  it('ends well in whatever order it is hidden, shown, refreshed, read and given another identity', async () => {
    const orders = await everyInterleaving(async (stage) => {
      const open = new Set<object>()
      const reading = new Set<object>()
      let isPlaying = true
      const each = connectionsWith(() => {
        const queues = {}
        open.add(queues)
        return {
          receive: async (_queue, { waitSeconds }, signal) => {
            if (waitSeconds > 0) {
              expect(reading.has(queues)).toBe(false)
              reading.add(queues)
              if (isPlaying) await stage.pause('read')
              reading.delete(queues)
            }
            signal?.throwIfAborted()
            return []
          },
          close: () => open.delete(queues),
        }
      })
      let watch = each.watch(staging)
      stage.act('hide', () => watch.dispose())
      stage.act('show', () => {
        watch = each.watch(staging)
      })
      stage.act('refresh', async () => {
        const { master } = await each.refresh(staging)
        expect(each.state(staging.key)).toMatchObject({ kind: 'open', heard: true, master })
      })
      stage.act('another identity', () => each.reset(() => true))
      const ends = Object.values(await stage.play())
      expect(ends.map(({ status }) => status)).toEqual(ends.map(() => 'fulfilled'))
      isPlaying = false
      const isRead = () => {
        const state = each.state(staging.key)
        return state.kind === 'open' && state.heard && state.trouble === undefined
      }
      await until(isRead, 'a fleet that was read')
      await each.close()
      expect(open.size).toBe(0)
      await expect(each.refresh(staging)).rejects.toThrow(
        'The environments were closed because the extension stopped.',
      )
      expect(open.size).toBe(0)
    })
    expect(orders.length).toBeGreaterThan(100)
  })
})

async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await setImmediate()
}
