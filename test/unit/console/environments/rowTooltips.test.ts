import { describe, expect, it } from 'vitest'
import type { Connections } from '../../../../src/console/environments/connections.ts'
import { explainEnvironment } from '../../../../src/console/environments/rowTooltips.ts'
import type { EnvironmentNode } from '../../../../src/console/environments/treeNode.ts'
import { sharedReplyFindings } from '../../../../src/master/replies/replyQueueWarning.ts'
import { declared } from '../../../support/declared.ts'
import { queueError } from '../../../support/playedQueues.ts'

const tooltip = (why: ReturnType<typeof queueError> | undefined) => {
  const replyFindings = sharedReplyFindings(why && { queue: 'testing_agent', why })
  const connections = { state: () => ({ kind: 'open', trouble: undefined, master: { replyFindings } }) }
  const node = { declared: declared('testing') } as EnvironmentNode
  return explainEnvironment(node, connections as unknown as Connections).value.replaceAll('\\', '')
}

describe('The tooltip of an environment', () => {
  it('says that this window may not create its reply queue, and what that costs', () => {
    expect(tooltip(queueError('forbidden', 'testing_m1_agent'))).toMatch(
      /no reply queue of its own.*testing_m1_agent.*Replies arrive on testing_agent.*more requests and time/,
    )
    expect(tooltip(undefined)).not.toMatch(/reply queue of its own/)
  })
})
