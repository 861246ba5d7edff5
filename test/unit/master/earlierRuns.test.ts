import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readEarlierRuns } from '../../../src/master/earlierRuns.ts'
import { History } from '../../../src/master/store/history.ts'
import { everyone, readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import { defaultQueues, type Environment, fleetIdOf } from '../../../src/queues/environment.ts'

const hourMs = 3600_000
const now = 1_800_000_000_000
const testing: Environment = {
  ...{ name: 'testing', region: 'eu-west-1', queues: defaultQueues('testing'), protected: false },
}
let directory: string
let history: History
let runs = 0

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'earlier-'))
  history = await History.open(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

interface Past {
  readonly filter?: string
  readonly targets?: readonly string[]
  readonly environment?: Environment
  readonly isEarlierVersion?: boolean
}

/** A run of so many hours ago that named these agents. */
async function run(hoursAgo: number, agentIds: readonly string[], past: Past = {}): Promise<string> {
  const { filter = '*', targets, environment = testing, isEarlierVersion = false } = past
  runs += 1
  const runId = `run-${runs}-of-the-history`
  const record = await history.create({
    ...{ runId, environment: environment.name, issuer: { name: 'ada', host: 'laptop' } },
    request: {
      ...{ filter, action: { kind: 'ping' }, timeoutMs: 60_000 },
      ...(targets === undefined ? {} : { targets }),
    },
    startedAt: now - hoursAgo * hourMs,
    ...(isEarlierVersion ? {} : { reach: { missing: [], sweep: 'complete', fleet: fleetIdOf(environment) } }),
  })
  const agents = agentIds.map((agentId) => ({ agentId, hostname: `host-${agentId}` }))
  record.append({ kind: 'agentsExpected', agents, steps: [[...agentIds]] })
  await record.close()
  return runId
}

async function known(filter = everyone, environment = testing): Promise<string[]> {
  const earlier = await readEarlierRuns(await History.open(directory), environment, now)
  return earlier.matching(filter).map(({ agentId }) => agentId)
}

describe('The fleet that earlier runs knew', () => {
  it('has each agent that they named within a day, as it was seen last', async () => {
    await run(20, ['a', 'b'])
    await run(2, ['b', 'c'])
    const earlier = await readEarlierRuns(history, testing, now)
    expect(earlier.matching(everyone)).toEqual([
      { agentId: 'b', hostname: 'host-b', lastSeenAt: now - 2 * hourMs },
      { agentId: 'c', hostname: 'host-c', lastSeenAt: now - 2 * hourMs },
      { agentId: 'a', hostname: 'host-a', lastSeenAt: now - 20 * hourMs },
    ])
  })

  it('has none of runs that are older, are dated in the future, or had targets', async () => {
    await run(25, ['old'])
    await run(-1, ['future'])
    await run(1, ['chosen'], { targets: ['chosen'] })
    expect(await known()).toEqual([])
  })

  it('says of a filter only what runs with the same one say, however it is written; of everyone, what all say', async () => {
    await run(3, ['w'], { filter: ' role=web  and env=prod' })
    await run(2, ['d'], { filter: 'role=db' })
    await run(1, ['e'])
    expect(await known(readFilter('role=web and env=prod'))).toEqual(['w'])
    expect(await known(readFilter('role=cache'))).toEqual([])
    expect(await known()).toEqual(['e', 'd', 'w'])
  })

  it('has no agent of another fleet whose environment has the same name, nor of a version that does not say which', async () => {
    const elsewhere = { ...testing, region: 'us-east-1' }
    await run(1, ['there'], { environment: elsewhere })
    await run(1, ['here'])
    await run(1, ['somewhere'], { isEarlierVersion: true })
    expect([await known(), await known(everyone, elsewhere)]).toEqual([['here'], ['there']])
  })

  it('is read of the latest runs only, and of no more agents than a terminal needs', async () => {
    await run(3, ['long ago'])
    for (let count = 0; count < 20; count += 1) await run(2, ['often'])
    expect(await known()).toEqual(['often'])
    await run(
      1,
      Array.from({ length: 20_000 }, (_, index) => `i-${index}`),
    )
    expect((await known()).length).toBe(20_000)
    await run(0.5, ['one more'])
    expect(await known()).toEqual(['one more'])
  })

  it('passes over runs that are damaged, half written, or being deleted', async () => {
    const damaged = await run(1, ['damaged'])
    await writeFile(join(directory, damaged, 'run.ndjson'), 'not a record\n')
    const half = await run(1, ['half'])
    await writeFile(join(directory, half, 'run.ndjson'), '')
    const deleted = await run(1, ['deleted'])
    await rm(join(directory, deleted, 'run.ndjson'))
    const long = await run(1, ['long'])
    await appendFile(join(directory, long, 'run.ndjson'), 'x'.repeat(1_000_000))
    expect(await known()).toEqual(['long'])
    expect((await readdir(directory)).length).toBeGreaterThanOrEqual(4)
  })
})
