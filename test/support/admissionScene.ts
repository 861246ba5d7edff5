import type { AdmissionContext } from '../../agent/src/intake/admission.ts'
import type { CommandMessage } from '../../src/protocol/messages.ts'

/** When SQS took the command, milliseconds since the epoch. */
export const sentAt = 1_000_000_000

/** A command for the agent of {@link admissionContext}, which admits it. */
export const command: CommandMessage = {
  type: 'command',
  runId: 'run-00000001',
  environment: 'testing',
  issuedAt: sentAt,
  ttlMs: 60_000,
  issuer: { name: 'me', host: 'desk' },
  replyTo: 'testing_desk-1_agent',
  filter: 'role=web',
  action: { kind: 'shell', command: 'id' },
  timeoutMs: 10_000,
}

export const admissionContext: AdmissionContext = {
  agentId: 'agent-1',
  environment: 'testing',
  configuredReplyQueue: 'testing_agent',
  facts: { role: 'web' },
  now: sentAt + 1_000,
  startedAt: sentAt - 3_600_000,
  remembersSince: sentAt - 3_600_000,
  knows: () => false,
}
