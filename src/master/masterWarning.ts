import type { QueueError } from '../queues/queueError.ts'

/** Something that the master survives, and that a person should be able to find. */
export type MasterWarning =
  /** Without an error: it is over. */
  | { readonly kind: 'queue'; readonly error: QueueError | undefined }
  | { readonly kind: 'run'; readonly runId: string; readonly error: Error }
  | {
      readonly kind: 'unreadable'
      readonly queue: 'replies' | 'facts'
      readonly messageId: string
      readonly reason: string
    }
  /** A reply that SQS says was sent by another than the agent that it names. It was left out. */
  | (Sender & { readonly kind: 'forged' })
  /** A reply on our own queue to a run that the history does not have. It was left out. */
  | (Sender & { readonly kind: 'foreign' })

/** From whom a reply came, and to what. */
export interface Sender {
  readonly runId: string
  readonly agentId: string
  readonly senderId: string | undefined
}

/** Messages on the reply queue that were left out since a master began, by why. */
export type Rejected = Record<'unreadable' | 'forged' | 'foreign', number>

/** What happened, in a sentence; undefined for trouble that is over. */
export function describeTrouble(trouble: MasterWarning): string | undefined {
  switch (trouble.kind) {
    case 'queue':
      return trouble.error?.message
    case 'run':
      return `run ${trouble.runId}: ${trouble.error.message}`
    case 'unreadable':
      return `message ${trouble.messageId} among the ${trouble.queue} cannot be read and is left out: ${trouble.reason}`
    case 'forged':
      return `a reply to run ${trouble.runId} in the name of ${trouble.agentId} is left out: ${senderOf(trouble)} sent it`
    case 'foreign':
      return `a reply of ${trouble.agentId} to run ${trouble.runId} is left out: there is no such run here; ${senderOf(trouble)} sent it`
  }
}

function senderOf({ senderId }: Sender): string {
  return senderId ?? 'somebody whom SQS does not name'
}
