import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HeldCommands } from '../../../../agent/src/intake/heldCommands.ts'
import { createLog } from '../../../../agent/src/log/log.ts'

let directory: string
let said: string

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'held-')), 'held')
  said = ''
})
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }))

const open = () =>
  HeldCommands.open(
    directory,
    createLog('info', (line) => (said += line), Date.now),
  )

const command = (runId: string, arrivedAt: number, body = '{}') => ({
  runId,
  replyTo: 'testing_agent',
  received: {
    messageId: 'm',
    body,
    receiptHandle: 'r',
    sentAt: arrivedAt,
    senderId: undefined,
    receiveCount: 1,
  },
  arrivedAt,
})

describe('commands that wait for a restart', () => {
  it('are the next agent’s, the oldest first, as they came', async () => {
    const held = await open()
    expect(await held.hold(command('run-second', 2_000))).toBe('held')
    expect(await held.hold(command('run-first1', 1_000))).toBe('held')
    expect(await held.hold(command('run-first1', 3_000))).toBe('held')
    await held.handOver(500_000)
    const next = await open()
    expect(next.runIds).toEqual(['run-first1', 'run-second'])
    expect((await next.list(510_000)).map(({ arrivedAt }) => arrivedAt)).toEqual([1_000, 2_000])
    await next.drop('run-first1')
    expect((await open()).runIds).toEqual(['run-second'])
  })

  it('are judged by the time of the next agent when that comes late, or the one before was killed', async () => {
    const held = await open()
    await held.hold(command('run-00001', 1_000))
    const afterCrash = await open()
    expect((await afterCrash.list(2_000))[0]?.arrivedAt).toBe(2_000)
    await held.handOver(5_000)
    const late = await open()
    expect((await late.list(5_000 + 24 * 3_600_000))[0]?.arrivedAt).toBe(5_000 + 24 * 3_600_000)
    // The hand-over holds once.
    expect((await (await open()).list(6_000))[0]?.arrivedAt).toBe(6_000)
  })

  it('are left on the queue once the agent is about to end', async () => {
    const held = await open()
    await held.handOver(0)
    expect(await held.hold(command('run-00001', 0))).toBe('left')
    expect(existsSync(directory)).toBe(false)
  })

  it('are no more than the disk should bear, and none where it bears nothing', async () => {
    const held = await open()
    await held.hold(command('run-00001', 0, 'x'.repeat(64 * 1024 * 1024)))
    await expect(held.hold(command('run-00002', 0))).rejects.toThrow('1 commands are waiting already')
    rmSync(directory, { recursive: true })
    writeFileSync(directory, '')
    const other = await open()
    await expect(other.hold(command('run-00003', 0))).rejects.toThrow(/EEXIST|ENOTDIR/)
    expect(other.runIds).toEqual([])
  })

  it('that are damaged are left out and said', async () => {
    const held = await open()
    await held.hold(command('run-00001', 0))
    writeFileSync(join(directory, 'run-00002.json'), '{"runId":"run-00002"}')
    writeFileSync(join(directory, 'run-00003.json.new'), '{"runId"')
    const next = await open()
    expect(next.runIds).toEqual(['run-00001'])
    expect(said).toMatch(/A command that waited for the restart cannot be read .*run-00002/)
    expect(readdirSync(directory)).toEqual(['run-00001.json'])
  })
})
