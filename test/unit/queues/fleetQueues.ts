import { defaultQueues, type Environment } from '../../../src/queues/environment.ts'
import type { QueueAttributes } from '../../../src/queues/queueAttributes.ts'
import { type QueueRole, roleSettings } from '../../../src/queues/setUp.ts'

export const testing: Environment = {
  name: 'testing',
  region: 'eu-west-1',
  queues: defaultQueues('testing'),
  protected: false,
}

/** A queue that is as it should be, but for `changes`. */
export function goodQueue(role: QueueRole, changes: Partial<QueueAttributes> = {}): QueueAttributes {
  return {
    arn: `arn:aws:sqs:eu-west-1:123456789012:${testing.queues[role]}`,
    ...roleSettings[role],
    encryption: 'sqs',
    visible: 0,
    notVisible: 0,
    delayed: 0,
    ...changes,
  }
}
