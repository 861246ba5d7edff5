import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { examineEnvironment } from '../../../../src/console/doctor/examine.ts'
import type {
  DocumentAction,
  ReadOnlyDocuments,
} from '../../../../src/console/documents/readOnlyDocuments.ts'
import type { Connections } from '../../../../src/console/environments/connections.ts'
import type { Credentials } from '../../../../src/console/profile/credentials.ts'
import type { ReplyQueue } from '../../../../src/master/replies/replyQueue.ts'
import { sharedReplyFindings } from '../../../../src/master/replies/replyQueueWarning.ts'
import type { Queues } from '../../../../src/queues/queues.ts'
import { tagKeys } from '../../../../src/queues/queueTags.ts'
import { declared } from '../../../support/declared.ts'
import { emptyQueue, playedQueues, queueError } from '../../../support/playedQueues.ts'

const day = 24 * 3600_000
const unused = new Date(Date.now() - 9 * day).toISOString()
const longAgo = Date.now() - 300 * day
const ofUnused: Partial<Queues> = {
  listQueues: async () => ['testing_a-1_agent', 'testing_agent'],
  attributes: async () => ({ ...emptyQueue, createdAt: longAgo, modifiedAt: longAgo }),
  tags: async () => ({ [tagKeys.lastUsed]: unused }),
}

const fine: Partial<Queues> = { attributes: async () => emptyQueue, tags: async () => ({}) }

/** What the Doctor shows of an environment with these queues, where replies arrive there. */
async function examine(parts: Partial<Queues>, replyQueue?: ReplyQueue) {
  // STS is not there to ask.
  const environment = declared('testing', { endpoint: 'http://127.0.0.1:9' })
  const master = {
    ...{ inventory: { agents: () => [] }, rejected: { unreadable: 0, forged: 0, foreign: 0 } },
    ...{ signing: { signer: undefined, now: 0 }, replyQueue, replyFindings: sharedReplyFindings(replyQueue) },
  }
  const opened = { master, queues: playedQueues({ receive: async () => [], ...parts }) }
  const connections = {
    use: async () => opened,
    refresh: async () => opened,
    state: () => ({ kind: 'closed' }),
  }
  let shown = { text: '', actions: [] as readonly DocumentAction[] }
  const documents = {
    show: async (_: string, text: string, actions: readonly DocumentAction[]) => {
      shown = { text, actions }
    },
  }
  const credentials = {
    connectionOf: async () => ({
      ...environment.environment,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
  }
  Object.assign(vscode.window, { withProgress: async (_: unknown, task: () => unknown) => task() })
  await examineEnvironment(
    async () => environment,
    connections as unknown as Connections,
    credentials as unknown as Credentials,
    documents as unknown as ReadOnlyDocuments,
    '0.1.0',
  )()
  return { ...shown, lines: shown.text.split('\n'), key: environment.key }
}
afterEach(() => {
  Reflect.deleteProperty(vscode.window, 'withProgress')
})

describe('The Doctor', () => {
  it('has a button on the finding of unused reply queues, which cleans up those of this environment', async () => {
    const { lines, actions, key } = await examine(ofUnused)
    const button = actions.find(({ command }) => command === 'ec2-collective.cleanQueues')
    expect(button).toMatchObject({ title: '$(trash) Clean Up Reply Queues…', arguments: [key] })
    expect(lines[button?.line ?? 0]).toMatch(
      /^## ⚠ 1 private reply queues are unused, the first is testing_a-1_agent/,
    )
  })

  it.each([
    ['queues may not be listed', { ...ofUnused, listQueues: () => Promise.reject(queueError('forbidden')) }],
    ['none is unused', { ...ofUnused, tags: async () => ({ [tagKeys.lastUsed]: new Date().toISOString() }) }],
  ])('has neither where %s', async (_, parts: Partial<Queues>) => {
    const { text, actions } = await examine(parts)
    expect(text).not.toContain('unused')
    expect(actions.map(({ command }) => command)).not.toContain('ec2-collective.cleanQueues')
  })

  it('says that this master may not create its reply queue, what that costs, and offers the missing policy', async () => {
    const why = queueError('forbidden', 'testing_m1_agent')
    const { text, lines, actions, key } = await examine(fine, { queue: 'testing_agent', kind: 'shared', why })
    const button = actions.find(({ arguments: given }) => given?.includes('testing_m1_agent'))
    expect(button).toMatchObject({
      command: 'ec2-collective.copyMissingPermission',
      arguments: [key, why.action, 'testing_m1_agent'],
    })
    expect(lines[button?.line ?? 0]).toContain('This master has no reply queue of its own')
    expect(text).toMatch(/Why it matters: Replies arrive on testing_agent, .* takes more requests and time/)
    expect(text).toContain('- Reply queue of this window: testing_agent, shared by all masters')
  })

  it.each([
    ['not chosen before the first command', undefined],
    ['testing_m1_agent, its own', { queue: 'testing_m1_agent', kind: 'private' as const }],
  ])('says where replies arrive: %s', async (sentence, replyQueue) => {
    const { text } = await examine(fine, replyQueue)
    expect(text).toContain(`- Reply queue of this window: ${sentence}`)
    expect(text).not.toContain('no reply queue of its own')
  })
})
