import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { cleanQueues } from '../../../../src/console/commands/cleanQueues.ts'
import type { OpenMaster } from '../../../../src/console/environments/connectionState.ts'
import { tagKeys } from '../../../../src/queues/queueTags.ts'
import { declared } from '../../../support/declared.ts'
import { emptyQueue, playedQueues, queueError } from '../../../support/playedQueues.ts'

const day = 24 * 3600_000
const longAgo = Date.now() - 300 * day

/** Queues by name with the days since their mark, or no mark; the names of the deleted ones. */
function account(marks: Readonly<Record<string, number | undefined>>) {
  const there = new Map(Object.entries(marks))
  const deleted: string[] = []
  const queues = playedQueues({
    listQueues: async () => [...there.keys()],
    attributes: async () => ({ ...emptyQueue, createdAt: longAgo, modifiedAt: longAgo }),
    tags: async (queue) => {
      if (!there.has(queue)) throw queueError('missing-queue', queue)
      const days = there.get(queue)
      return days === undefined ? {} : { [tagKeys.lastUsed]: new Date(Date.now() - days * day).toISOString() }
    },
    deleteQueue: async (queue) => void deleted.push(queue),
  })
  return { there, deleted, queues }
}

const told: { kind: string; text: string; detail: string }[] = []
/** What the person answers, and what happens before that; `stop` is called before each queue. */
function person(answer: string | undefined, meanwhile = () => {}, stop = () => false): void {
  told.length = 0
  const tell = (kind: string) => async (text: string, options?: vscode.MessageOptions) => {
    told.push({ kind, text, detail: options?.detail ?? '' })
    meanwhile()
    return kind === 'warning' ? answer : undefined
  }
  Object.assign(vscode.window, {
    showInformationMessage: tell('information'),
    showWarningMessage: tell('warning'),
    showErrorMessage: tell('error'),
    withProgress: async (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
      task({ report() {} }, Object.defineProperty({}, 'isCancellationRequested', { get: stop })),
  })
}
afterEach(() => {
  for (const name of ['showInformationMessage', 'showWarningMessage', 'showErrorMessage', 'withProgress'])
    Reflect.deleteProperty(vscode.window, name)
})

const run = (queues: OpenMaster['queues'], environment = declared('testing')) =>
  cleanQueues(async () => environment, { use: async () => ({ queues }) as OpenMaster })()

describe('“Clean Up Reply Queues…”', () => {
  it('deletes the unused queues, once it is confirmed with their names, and no others', async () => {
    const { deleted, queues } = account({
      ...{ testing_agent: undefined, testing_master: undefined, testing_facts: undefined },
      ...{ 'testing_old-1_agent': 9, 'testing_used-1_agent': 0, 'testing_unmarked-1_agent': undefined },
    })
    person('Delete')
    await run(queues)
    expect(deleted).toEqual(['testing_old-1_agent'])
    expect(told[0]).toMatchObject({ text: 'Delete 1 unused reply queues of testing?' })
    expect(told[0]?.detail).toMatch(
      /^• testing_old-1_agent, used until 20\d\d-\d\d-\d\d\n\nThey hold no messages/,
    )
    expect(told.at(-1)?.text).toBe(
      'Reply queues of testing: 1 deleted, 0 not, because somebody uses them again.',
    )
  })

  it('deletes nothing unless somebody says so', async () => {
    const { deleted, queues } = account({ 'testing_old-1_agent': 9 })
    person(undefined)
    await run(queues)
    expect([deleted, told.length]).toEqual([[], 1])
  })

  it('leaves a queue alone that somebody uses again while the question is open', async () => {
    const { there, deleted, queues } = account({ 'testing_a-1_agent': 9, 'testing_b-1_agent': 9 })
    person('Delete', () => there.set('testing_a-1_agent', 0))
    await run(queues)
    expect(deleted).toEqual(['testing_b-1_agent'])
    expect(told.at(-1)?.text).toBe(
      'Reply queues of testing: 1 deleted, 1 not, because somebody uses them again.',
    )
  })

  it('stops between two queues when it is cancelled, and says how many it has deleted', async () => {
    const { deleted, queues } = account({ 'testing_a-1_agent': 9, 'testing_b-1_agent': 9 })
    person('Delete', undefined, () => deleted.length > 0)
    await run(queues)
    expect(deleted).toEqual(['testing_a-1_agent'])
    expect(told.at(-1)?.text).toMatch(/1 deleted, 0 not/)
  })

  it('lists at most 15 by name', async () => {
    const names = Array.from({ length: 18 }, (_, index) => [`testing_many-${index + 10}_agent`, 9])
    const { deleted, queues } = account(Object.fromEntries(names))
    person(undefined)
    await run(queues)
    expect(told[0]?.detail.match(/•/g)).toHaveLength(15)
    expect(told[0]?.detail).toContain('… and 3 more')
    expect(deleted).toEqual([])
  })

  it('says that there is nothing to do', async () => {
    person('Delete')
    await run(account({ 'testing_used-1_agent': 0 }).queues)
    expect(told).toMatchObject([
      { kind: 'information', text: 'testing has no unused reply queues (private reply queues: 1).' },
    ])
  })

  it('fails with the permission that is missing, and has deleted what came before', async () => {
    const { deleted, queues } = account({ 'testing_a-1_agent': 9, 'testing_b-1_agent': 9 })
    const refusing = playedQueues({
      ...queues,
      deleteQueue: async (queue, signal) => {
        if (queue.includes('_b-')) throw queueError('forbidden', queue)
        return queues.deleteQueue(queue, signal)
      },
    })
    person('Delete')
    await expect(run(refusing)).rejects.toThrow('no')
    expect(deleted).toEqual(['testing_a-1_agent'])
  })
})
