import { type KeyObject, sign } from 'node:crypto'
import { draftBody } from '../../src/protocol/envelope.ts'
import type { Message } from '../../src/protocol/messages.ts'

/** A private key, and the name under which agents have its public half. */
export interface SigningKey {
  readonly name: string
  readonly privateKey: KeyObject
}

/** A body as a master seals it, signed if there is a key. */
export function sealSigned(message: Message, data?: Uint8Array, key?: SigningKey): string {
  const draft = draftBody(message, data)
  if (key === undefined) return draft.unsigned
  return draft.signedBy(key.name, sign(null, draft.bytesToSign(), key.privateKey))
}
