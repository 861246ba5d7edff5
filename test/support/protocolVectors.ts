import { readFileSync } from 'node:fs'
import type { MessageKind } from '../../src/protocol/bounds.ts'

/** docs/protocol-vectors.json, as docs/messages.md describes it. */
export interface ProtocolVectors {
  readonly format: 'ec2-collective-protocol-vectors'
  readonly version: 1
  readonly messages: readonly {
    readonly name: string
    readonly queue: MessageKind
    readonly message: Readonly<Record<string, unknown>>
    /** Base64. */
    readonly data?: string
    readonly body: string
  }[]
  readonly unreadable: readonly {
    readonly name: string
    readonly queue: MessageKind
    readonly body: string
  }[]
  readonly refusedActions: readonly {
    readonly name: string
    readonly body: string
    readonly field?: string
    readonly parts?: readonly string[]
  }[]
  readonly keys: Readonly<Record<string, { readonly seed: string; readonly publicKey: string }>>
  readonly signatures: readonly {
    readonly name: string
    readonly queue: MessageKind
    readonly body: string
    /** Base64. */
    readonly signedBytes?: string
    readonly isValid: boolean
  }[]
  readonly targetSets: readonly {
    readonly runId: string
    readonly agentIds: readonly string[]
    readonly hashes: readonly number[]
    readonly set: string
    readonly doesNotName: readonly string[]
  }[]
  readonly notSets: readonly { readonly name: string; readonly set: string }[]
  readonly replyQueues: readonly {
    readonly environment: string
    readonly configured: string
    readonly replyTo: string
    readonly isAllowed: boolean
  }[]
  readonly frames: readonly {
    readonly name: string
    readonly bodies: readonly string[]
    readonly stdout: string
    readonly stderr: string
    readonly order: readonly (readonly [1 | 2, number])[]
  }[]
  readonly digests: readonly {
    readonly action: { readonly kind: string }
    readonly sha256: string
    readonly actionSha256: string
  }[]
  readonly facts: object
  readonly filters: readonly { readonly filter: string; readonly matches: boolean }[]
  readonly notFilters: readonly string[]
  readonly situation: Situation
  readonly decisions: readonly {
    readonly name: string
    readonly row: number
    readonly body: string
    readonly situation?: Partial<Situation>
    readonly decision: 'do' | 'repeat' | 'silence' | 'refuse'
    readonly code?: string
    readonly to?: string
    readonly isRecorded?: boolean
  }[]
}

/** What the decision about a command depends on. Times in milliseconds, by SQS's clock. */
export interface Situation {
  readonly agentId: string
  readonly environment: string
  readonly replyQueue: string
  readonly facts: { readonly [name: string]: string }
  readonly senderId: string
  readonly startedAt: number
  readonly remembersSince: number
  readonly known: readonly string[]
  readonly resent: readonly string[]
  /** `SenderId` of who started what is known; undefined: nobody knows. */
  readonly startedBy?: string
  readonly sentAt: number
  readonly now: number
}

export const protocolVectorsFile = 'docs/protocol-vectors.json'

export const protocolVectors: ProtocolVectors = JSON.parse(readFileSync(protocolVectorsFile, 'utf8'))
