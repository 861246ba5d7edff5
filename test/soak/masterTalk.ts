import type { AgentState } from '../../src/protocol/verdict.ts'
import type { RunRequest } from '../../src/run/runRequest.ts'

/** What a master of the soak is told, one line of JSON each. */
export type MasterOrder =
  | {
      readonly kind: 'start'
      readonly token: string
      readonly request: RunRequest
      readonly cancelAfterMs: number | undefined
    }
  | { readonly kind: 'end' }

/** What it says. */
export type MasterReport =
  /** It receives; `tokens` are those of all runs in its history. */
  | { readonly kind: 'ready'; readonly tokens: readonly string[] }
  /** How many agents it knows. */
  | { readonly kind: 'knows'; readonly agents: number }
  | { readonly kind: 'started'; readonly token: string; readonly runId: string }
  | { readonly kind: 'failed'; readonly token: string; readonly reason: string }
  | {
      readonly kind: 'over'
      readonly token: string
      readonly runId: string
      readonly counts: Record<AgentState, number>
    }
  | { readonly kind: 'trouble'; readonly what: string }
  | { readonly kind: 'ended' }
