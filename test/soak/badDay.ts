import type { Rule } from '../support/faults/faultPlan.ts'

const bodies = ['SendMessage', 'SendMessageBatch', 'ReceiveMessage']
const receives = ['ReceiveMessage']
const settling = ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch']

/** What goes wrong all the time while the storm of a soak is on. docs/reliability.md says where each comes from. */
export const badDay: readonly Rule[] = [
  { fault: { kind: 'refuse', as: 'ThrottlingException' }, chance: 0.02 },
  { fault: { kind: 'refuse', as: 'RequestThrottled' }, chance: 0.005 },
  { fault: { kind: 'refuse', as: 'KmsThrottled' }, chance: 0.005, actions: bodies },
  { fault: { kind: 'refuse', as: 'OverLimit' }, chance: 0.002, actions: receives },
  { fault: { kind: 'refuse', as: 'InternalFailure' }, chance: 0.02 },
  { fault: { kind: 'refuse', as: 'ServiceUnavailableException' }, chance: 0.01 },
  { fault: { kind: 'refuse', as: 'RequestTimeoutException' }, chance: 0.005 },
  { fault: { kind: 'refuse', as: 'ExpiredTokenException' }, chance: 0.004 },
  { fault: { kind: 'refuse', as: 'UnrecognizedClientException' }, chance: 0.002 },
  { fault: { kind: 'refuse', as: 'AccessDeniedException' }, chance: 0.003 },
  { fault: { kind: 'refuse', as: 'KmsAccessDenied' }, chance: 0.003, actions: bodies },
  { fault: { kind: 'refuse', as: 'KmsDisabled' }, chance: 0.003, actions: bodies },
  { fault: { kind: 'refuse', as: 'KmsInvalidState' }, chance: 0.003, actions: bodies },
  { fault: { kind: 'refuse', as: 'KmsNotFound' }, chance: 0.003, actions: bodies },
  { fault: { kind: 'drop' }, chance: 0.01 },
  { fault: { kind: 'cut', how: 'reset' }, chance: 0.01 },
  { fault: { kind: 'cut', how: 'truncate' }, chance: 0.01 },
  { fault: { kind: 'slow', ms: [20, 400] }, chance: 0.1 },
  { fault: { kind: 'late', seconds: [1, 3] }, chance: 0.05 },
  { fault: { kind: 'late', seconds: [5, 12] }, chance: 0.005 },
  { fault: { kind: 'fail-entry' }, chance: 0.03 },
  { fault: { kind: 'fail-entry', as: 'RequestThrottled' }, chance: 0.01 },
  {
    fault: { kind: 'fail-entry', as: 'KMS.DisabledException' },
    chance: 0.002,
    actions: ['SendMessageBatch'],
  },
  { fault: { kind: 'fail-entry', as: 'ReceiptHandleIsInvalid' }, chance: 0.01, actions: settling },
  { fault: { kind: 'fail-entry', as: 'InvalidParameterValue' }, chance: 0.01, actions: settling },
  { fault: { kind: 'twice' }, chance: 0.05 },
  { fault: { kind: 'again', afterMs: [200, 8_000] }, chance: 0.05 },
  { fault: { kind: 'undelete', afterMs: [500, 15_000] }, chance: 0.1 },
  { fault: { kind: 'sample' }, chance: 0.1 },
  { fault: { kind: 'shuffle' }, chance: 0.5 },
  { fault: { kind: 'miscount', by: 0.3 } },
]

/** What SQS does and our own server does not, also on good days. */
export const everyDay: readonly Rule[] = [
  { fault: { kind: 'expire' } },
  { fault: { kind: 'few', most: [1, 10], spellMs: 60_000 } },
  { fault: { kind: 'empty' }, chance: 0.3 },
  { fault: { kind: 'lag', ms: Number.POSITIVE_INFINITY }, chance: 0.1 },
  { fault: { kind: 'lag', ms: 60_000 }, chance: 0.3 },
  { fault: { kind: 'old-handle' } },
  { fault: { kind: 'gone-as', code: 'InvalidParameterValue' }, chance: 0.5 },
  { fault: { kind: 'unready', ms: 1_000 }, chance: 0.7 },
  { fault: { kind: 'name-taken', ms: 60_000 } },
  { fault: { kind: 'old-attributes', ms: 60_000 } },
  { fault: { kind: 'check-clock' } },
  { fault: { kind: 'far', ms: [150, 300] }, principals: ['MASTER2', 'AGENT5'] },
]

/**
 * Clocks of some machines minus SQS's, milliseconds, by access key. AWS refuses the signatures of the last one until it signs
 * with the time of SQS's answers.
 */
export const wrongClocks: Readonly<Record<string, number>> = {
  ...{ AGENT2: 240_000, AGENT3: -240_000, AGENT6: 900_000 },
  MASTER1: -120_000,
}
