import type { RunPlan } from './runPlan.ts'

/** Where a send comes from. A page is never trusted: what it asks for is always shown to a person first. */
export type SendOrigin =
  /** Typed by the user, who has just seen the sentence that says what will happen. */
  | { readonly kind: 'flow' }
  /** A keybinding, or another caller with arguments. `confirm: false` is its wish to go without a question. */
  | { readonly kind: 'arguments'; readonly confirm: boolean }
  /** A task; `confirm` is absent when it left something open, so that the user has seen the sentence. */
  | { readonly kind: 'task'; readonly confirm?: boolean }
  | { readonly kind: 'page' }

/** What a person has to do before this plan may be sent. */
export type Confirmation =
  /** Type the environment's name. */
  | { readonly kind: 'type-name'; readonly name: string }
  /** Say yes to the sentence. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'none' }

/**
 * The rule of the house. A protected environment always asks for its name, wherever the send comes from. `ping` and
 * `facts` change nothing on a server: they are asked about only where the environment is protected or a page wants them.
 */
export function confirmationFor({ environment, request }: RunPlan, origin: SendOrigin): Confirmation {
  const { name } = environment.environment
  const changesNothing = request.action.kind === 'ping' || request.action.kind === 'facts'
  if (environment.environment.protected) return { kind: 'type-name', name }
  switch (origin.kind) {
    case 'flow':
      return { kind: 'none' }
    case 'arguments':
    case 'task':
      return origin.confirm && !changesNothing ? { kind: 'ask' } : { kind: 'none' }
    case 'page':
      return { kind: 'ask' }
  }
}
