import { LocalizableError, say } from '../text/localizable.ts'

/** Where a private key is. */
export type KeyPlace =
  | { readonly kind: 'file'; readonly path: string }
  /** `wanted`: fingerprint, public key or comment. */
  | { readonly kind: 'ssh-agent'; readonly wanted: string }
  /** In the secret storage of the editor. */
  | { readonly kind: 'editor'; readonly fingerprint: string }

/** A signing key as settings and arguments name it: `NAME=PLACE`. */
export interface KeyReference {
  /** Under which agents have the public key. */
  readonly name: string
  readonly place: KeyPlace
}

/** The form of a reference. A signature's key name has at most 128 characters. */
export const keyReferencePattern = String.raw`^[^=\s]{1,128}=.+$`

const ofSshAgent = 'ssh-agent:'
const ofEditor = 'editor:'

/**
 * @param text `NAME=FILE`, `NAME=ssh-agent:KEY` or `NAME=editor:FINGERPRINT`
 * @throws LocalizableError
 */
export function readKeyReference(text: string): KeyReference {
  if (!new RegExp(keyReferencePattern).test(text))
    throw new LocalizableError(
      say(
        'The signing key "{0}" is not NAME=FILE or NAME=ssh-agent:KEY, as in alice=~/.ssh/id_ed25519.',
        text,
      ),
    )
  const at = text.indexOf('=')
  const [name, place] = [text.slice(0, at), text.slice(at + 1)]
  return { name, place: readPlace(place) }
}

export function printKeyReference({ name, place }: KeyReference): string {
  switch (place.kind) {
    case 'file':
      return `${name}=${place.path}`
    case 'ssh-agent':
      return `${name}=${ofSshAgent}${place.wanted}`
    case 'editor':
      return `${name}=${ofEditor}${place.fingerprint}`
  }
}

function readPlace(text: string): KeyPlace {
  if (text.startsWith(ofSshAgent)) return { kind: 'ssh-agent', wanted: text.slice(ofSshAgent.length) }
  if (text.startsWith(ofEditor)) return { kind: 'editor', fingerprint: text.slice(ofEditor.length) }
  return { kind: 'file', path: text }
}
