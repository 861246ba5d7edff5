import type { Row } from './row.ts'
import { attributeRows } from './rows/attributes.ts'
import { bodyRows } from './rows/bodies.ts'
import { checkOrderRows } from './rows/checkOrder.ts'
import { countRows } from './rows/counts.ts'
import { handleRows } from './rows/handles.ts'
import { identityRows } from './rows/identity.ts'
import { longPollRows } from './rows/longPolls.ts'
import { messageRows } from './rows/messages.ts'
import { queueLifeRows } from './rows/queueLives.ts'
import { receiveRows } from './rows/receives.ts'
import { signingRows } from './rows/signing.ts'

/** Everything about SQS that the code relies on. */
export const rows: readonly Row[] = [
  ...longPollRows,
  ...receiveRows,
  ...messageRows,
  ...handleRows,
  ...bodyRows,
  ...countRows,
  ...attributeRows,
  ...queueLifeRows,
  ...checkOrderRows,
  ...signingRows,
  ...identityRows,
]
