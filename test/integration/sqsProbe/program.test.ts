import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Queues } from '../../../src/queues/queues.ts'
import { runProbe } from '../../sqsProbe/probe.ts'
import { rows } from '../../sqsProbe/rows.ts'
import { type Deviation, startDeviantSqs } from '../../support/deviantSqs.ts'
import { type FaultProxy, startFaultProxy } from '../../support/faultProxy.ts'
import { rulesAsSeen } from '../../support/faults/asSeen.ts'
import { refusal } from '../../support/faults/refusals.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let client: Queues
let directory: string

beforeAll(async () => {
  sqs = await startSqs()
  client = sqs.connect()
  directory = await mkdtemp(path.join(tmpdir(), 'probe-'))
})
afterAll(async () => {
  await sqs.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('npm run probe:sqs', () => {
  it('sends nothing without a terminal to ask on, and says how many requests it would send, and their price', async () => {
    const proxy = await startFaultProxy({ endpoint: sqs.endpoint, seed: 1 })
    const { code, stderr } = await ended(start('--endpoint', proxy.endpoint))
    expect(stderr).toMatch(
      /about \d+ queues named ec2-collective-probe-… .* at most \d+ requests .*\(\$0\.0\d+ at/,
    )
    expect(stderr).toContain('Nothing was sent: there is no terminal to ask on. Add --yes.')
    expect([code, proxy.requests]).toEqual([2, 0])
    await proxy.stop()
  })

  it('prints what is assumed and seen of each row and what depends on it, and writes it as JSON', async () => {
    const file = path.join(directory, 'same.json')
    const only = ['--only', 'sender-id,empty-body', '--yes', '--json', file, '--name', 'ours']
    const { code, stdout } = await ended(start('--endpoint', sqs.endpoint, ...only))
    expect(stdout).toMatch(
      /^same +sender-id\n +assumed: A message .*\n +seen: AIDA…\n +depends on it: forged /m,
    )
    expect(stdout).toMatch(/^ours: 2 same, 0 differ, 0 unclear\. About \d+ requests billed/m)
    expect(code).toBe(0)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      ...{ format: 1, of: 'ours' },
      rows: [{ name: 'sender-id', verdict: 'same' }, { name: 'empty-body' }],
    })
    expect(await queues()).toEqual([])
  })

  it('exits with 1 where something differs, and shows the request and the answer', async () => {
    const endpoint = await deviant((request, forward) =>
      request.action === 'SetQueueAttributes' ? refusal('InvalidAttributeValue', request) : forward(request),
    )
    const { code, stdout } = await ended(
      start('--endpoint', endpoint.endpoint, '--only', 'redrive-removed', '--yes'),
    )
    await endpoint.stop()
    expect(stdout).toMatch(/^differs +redrive-removed\n/)
    expect(stdout).toMatch(/> SetQueueAttributes \{"QueueUrl":.*"RedrivePolicy":""/)
    expect(stdout).toMatch(/< 400 \{"__type":"com\.amazonaws\.sqs#InvalidAttributeValue"/)
    expect(code).toBe(1)
    expect(await queues()).toEqual([])
  })

  it('deletes its queues when it is told to stop in the middle', async () => {
    const child = start('--endpoint', sqs.endpoint, '--only', 'expiry,long-poll-proves', '--yes')
    await until(async () => (await queues()).length > 1, 'two queues')
    child.kill('SIGTERM')
    const { code, stderr } = await ended(child)
    expect(stderr).toContain('Stopped. No queue is left; ')
    expect(code).toBe(2)
    expect(await queues()).toEqual([])
  })

  it.each(['wake-up', 'release-wakes'])(
    'ends in good order when it is stopped while %s waits',
    async (name) => {
      const stop = new AbortController()
      const endpoint = await deviant((request, forward) => {
        if (request.input.WaitTimeSeconds === 6) stop.abort()
        return forward(request)
      })
      expect(await probedUntil(stop, endpoint.endpoint, name)).toEqual({ rows: [], left: [] })
      await endpoint.stop()
      expect(await queues()).toEqual([])
    },
  )

  it('deletes also a queue that is being made when it is stopped', async () => {
    const stop = new AbortController()
    const cleaning = new AbortController()
    const endpoint = await deviant(async (request, forward) => {
      if (request.action === 'GetQueueUrl' && stop.signal.aborted) cleaning.abort()
      if (request.action !== 'CreateQueue') return forward(request)
      stop.abort()
      // SQS makes it after the clean-up has looked for it, if that does not wait.
      await delay(1_000, undefined, { signal: cleaning.signal }).catch(() => {})
      return forward(request)
    })
    expect(await probedUntil(stop, endpoint.endpoint, 'tags')).toEqual({ rows: [], left: [] })
    await endpoint.stop()
    expect(await queues()).toEqual([])
  })

  it('names the queues that it could not delete', async () => {
    const endpoint = await deviant((request, forward) =>
      request.action === 'DeleteQueue' ? refusal('AccessDeniedException', request) : forward(request),
    )
    const { code, stderr } = await ended(start('--endpoint', endpoint.endpoint, '--only', 'tags', '--yes'))
    await endpoint.stop()
    expect(stderr).toMatch(/could not be deleted.*\nec2-collective-probe-[0-9a-f]{8}-1: AccessDenied/)
    expect(code).toBe(2)
    for (const queue of await queues()) await client.deleteQueue(queue)
  })

  it('makes no queue where the key is refused', async () => {
    const endpoint = await deviant((request) => refusal('InvalidClientTokenId', request))
    const { code, stderr } = await ended(start('--endpoint', endpoint.endpoint, '--yes'))
    await endpoint.stop()
    expect(stderr).toContain('probe:sqs: InvalidClientTokenId: ')
    expect([code, await queues()]).toEqual([2, []])
  })
})

describe('a fault proxy with what a probe has recorded', () => {
  it('behaves as seen: messages of each receive, empty short polls, late counts, codes of entries', async () => {
    const names = [
      'backlog-50',
      'short-polls',
      'count-lag',
      'delete-deleted',
      'show-older',
      'attributes-told',
    ]
    const bad = await proxied()
    bad.inject(
      { fault: { kind: 'few', most: [2, 4] }, queue: /-1$/ },
      { fault: { kind: 'empty' }, chance: 0.5, queue: /-2$/ },
      { fault: { kind: 'lag', ms: 1_000 } },
      { fault: { kind: 'untold', names: ['MaximumMessageSize'] } },
      { fault: { kind: 'handle', state: 'deleted', as: 'InvalidParameterValue' } },
      { fault: { kind: 'handle', state: 'older', as: 'Odd.Code' } },
    )
    const recorded = JSON.parse(JSON.stringify({ rows: await probed(bad, names) }))
    const again = await proxied()
    again.inject(...rulesAsSeen(recorded))
    const seen = new Map((await probed(again, names)).map((row) => [row.name, row]))
    const sizes = seen
      .get('backlog-50')
      ?.replay.flatMap(({ fault }) => (fault.kind === 'few' ? fault.sizes : []))
    expect(sizes?.every((size) => size >= 2 && size <= 4)).toBe(true)
    expect(sizes?.length).toBeGreaterThan(8)
    expect(seen.get('short-polls')?.seen).toMatch(/^[1-9]\d* of 20 were empty/)
    expect(Number(/true after (\d+) ms/.exec(seen.get('count-lag')?.seen ?? '')?.[1])).toBeGreaterThanOrEqual(
      900,
    )
    expect(seen.get('delete-deleted')?.seen).toBe('InvalidParameterValue')
    expect(seen.get('show-older')?.seen).toBe('Odd.Code')
    expect(seen.get('attributes-told')?.seen).toBe('not told: MaximumMessageSize')
    await Promise.all([bad.stop(), again.stop()])
  })

  it('says what a recorded success is, also where the server behind it fails', async () => {
    const plain = await proxied()
    const proxy = await proxied()
    proxy.inject({ fault: { kind: 'handle', state: 'deleted', as: 'success' } })
    expect((await probed(plain, ['show-deleted'])).map(({ seen }) => seen)).toEqual(['InvalidParameterValue'])
    expect((await probed(proxy, ['show-deleted'])).map(({ seen }) => seen)).toEqual(['success'])
    await Promise.all([plain.stop(), proxy.stop()])
  })
})

const proxied = () => startFaultProxy({ endpoint: sqs.endpoint, seed: 11 })

async function probed({ endpoint }: FaultProxy, names: readonly string[]) {
  const connection = {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint,
  }
  const chosen = rows.filter(({ name }) => names.includes(name))
  return (await runProbe({ connection, rows: chosen, signal: new AbortController().signal })).rows
}

async function probedUntil({ signal }: AbortController, endpoint: string, row: string) {
  const connection = {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint,
  }
  const chosen = rows.filter(({ name }) => name === row)
  const { rows: seen, left } = await runProbe({ connection, rows: chosen, signal })
  return { rows: seen, left }
}

const deviant = (deviation: Deviation) => startDeviantSqs(sqs.endpoint, deviation)

function start(...args: string[]) {
  return spawn(process.execPath, ['scripts/probe.mjs', '--region', 'eu-west-1', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ReturnType<typeof start>) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: code as number | null, stdout, stderr }
}

async function queues(): Promise<string[]> {
  return client.listQueues('ec2-collective-probe')
}
