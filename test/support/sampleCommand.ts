import type { CommandMessage } from '../../src/protocol/messages.ts'

/** A command with what each must have, and nothing else. */
export const sampleCommand: CommandMessage = {
  type: 'command',
  runId: 'run-of-a-test',
  environment: 'testing',
  issuedAt: 1,
  ttlMs: 10_000,
  issuer: { name: 'ada', host: 'laptop' },
  replyTo: 'testing_agent',
  filter: '*',
  action: { kind: 'shell', command: 'true' },
  timeoutMs: 60_000,
}
