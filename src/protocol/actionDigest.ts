import { createHash } from 'node:crypto'
import type { Action } from './action.ts'

type AnyAction = Action | { readonly kind: 'unsupported' }

/** The bytes of a command or script; undefined for what executes nothing. */
export function contentOf(action: AnyAction): Buffer | undefined {
  if (action.kind === 'shell') return Buffer.from(action.command)
  return action.kind === 'script' ? Buffer.from(action.content, 'base64') : undefined
}

/** SHA-256 of a command's text or a script's bytes, hexadecimal. */
export function contentDigest(action: AnyAction): string | undefined {
  const bytes = contentOf(action)
  return bytes === undefined ? undefined : sha256(bytes)
}

/**
 * SHA-256 of everything that decides what is executed and how, hexadecimal: the content, parameters and interpreter of a
 * script, directory, user, and names of variables. Their values are left out, since the history does not keep secret ones.
 * Masters and agents compute it alike: what it covers, and in which order, never changes under this name.
 */
export function actionDigest(action: AnyAction): string | undefined {
  if (action.kind !== 'shell' && action.kind !== 'script') return undefined
  const { kind, directory = null, user = null, environment = {} } = action
  const script = action.kind === 'script' ? [action.name, action.args, action.interpreter ?? null] : []
  const variables = Object.keys(environment).sort()
  return sha256(JSON.stringify([kind, contentDigest(action), ...script, directory, user, variables]))
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
