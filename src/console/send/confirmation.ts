import type { RunPlan } from './runPlan.ts'

/** The origin of a request to send. A page is never trusted: the user always confirms its requests. */
export type SendOrigin =
  /** From the boxes: the user has just seen the sentence that says what will happen. */
  | { readonly kind: 'flow' }
  /** A keybinding, or another caller with arguments. `confirm: false` asks to send without a question. */
  | { readonly kind: 'arguments'; readonly confirm: boolean }
  /** A task. `confirm` is absent when arguments were missing, so that the user has seen the sentence in the boxes. */
  | { readonly kind: 'task'; readonly confirm?: boolean }
  | { readonly kind: 'page' }

/** What the user must do before this plan is sent. */
export type Confirmation =
  /** Type the environment's name. */
  | { readonly kind: 'type-name'; readonly name: string }
  /** Confirm the sentence. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'none' }

/**
 * A protected environment always asks for its name, wherever the request comes from. `ping` and `facts` change nothing on
 * a server: they need a confirmation only in a protected environment, or when a page requests them.
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
