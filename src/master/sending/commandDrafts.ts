import { type BodyDraft, draftBody, signatureBytes, tooLarge } from '../../protocol/envelope.ts'
import type { CommandMessage } from '../../protocol/messages.ts'
import { encodeTargetSet, mostTargets } from '../../protocol/targetSet.ts'
import { billedUnitBytes } from '../../queues/requestCounts.ts'
import { type Localizable, LocalizableError, say } from '../../text/localizable.ts'

/**
 * Most messages of one command. A receive returns ten, so that agents would not find some of a greater number, and a cancel
 * must find its place beside them.
 */
const mostMessages = 8

/** A message of a command. */
export interface CommandDraft {
  readonly draft: BodyDraft
  /** With its signature. */
  readonly bytes: number
  /** The agents that it names; undefined: it names nobody. */
  readonly targets: readonly string[] | undefined
}

/**
 * The messages of a command, yet to be signed, and the agents that each names. Its targets are a plain list wherever that
 * costs no more, as agents of every version respect it; otherwise they are an encoded set. A command whose set is too large
 * for one message is sent in several, each with a part of the targets.
 * @param command names its targets, if any, in `targets`
 * @param limitBytes the queue's MaximumMessageSize
 * @param key name of the key that they will be signed with, as signatures count; undefined: they stay unsigned
 * @throws LocalizableError if the command itself is too large, with its bytes
 */
export function commandDrafts(
  command: CommandMessage,
  limitBytes: number,
  key: string | undefined,
): CommandDraft[] {
  const { targets, ...bare } = command
  const seal = (targets: readonly string[] | undefined) =>
    bodyOf(targets === undefined ? bare : { ...command, targets: [...targets] }, limitBytes, key)
  const whole = seal(targets)
  if (whole.objection === undefined) return [{ draft: whole.draft, bytes: whole.bytes, targets }]
  if (targets === undefined || targets.length < 2) throw new LocalizableError(whole.objection)
  const { bytes, objection } = seal(undefined)
  if (objection !== undefined) throw new LocalizableError(objection)
  for (let parts = 2; parts <= Math.min(mostMessages, targets.length); parts += 1) {
    const sealed = inParts(targets, parts).map((part) => ({ ...seal(part), targets: part }))
    if (sealed.every((part) => part.objection === undefined))
      return sealed.map((part) => ({ draft: part.draft, bytes: part.bytes, targets: part.targets }))
  }
  throw new LocalizableError(
    say(
      'This command takes {0} bytes without its {1} targets, and with them more than {2} messages of {3} bytes, the MaximumMessageSize of the queue. Raise it (SQS allows 1,048,576), send a smaller script, or send it to fewer agents at a time.',
      bytes,
      targets.length,
      mostMessages,
      limitBytes,
    ),
  )
}

function inParts(targets: readonly string[], parts: number): string[][] {
  const size = Math.ceil(targets.length / parts)
  return Array.from({ length: Math.ceil(targets.length / size) }, (_, index) =>
    targets.slice(index * size, (index + 1) * size),
  )
}

interface Sealed {
  readonly draft: BodyDraft
  /** With its signature. */
  readonly bytes: number
  /** Why it cannot be sent, as a sentence. */
  readonly objection: Localizable | undefined
}

/** The body that is billed as fewer requests; if both cost the same, the one with the plain list. */
function bodyOf(command: CommandMessage, limitBytes: number, key: string | undefined): Sealed {
  const plain = sealed(command, limitBytes, key)
  const { targets, ...rest } = command
  const isEncodable = targets !== undefined && targets.length > 0 && targets.length <= mostTargets
  const fits = plain.objection === undefined
  if (!isEncodable || (fits && billedUnits(plain) === 1)) return plain
  const targetSet = encodeTargetSet(command.runId, targets)
  const encoded = sealed({ ...rest, targetSet }, limitBytes, key)
  return fits && billedUnits(plain) <= billedUnits(encoded) ? plain : encoded
}

function sealed(command: CommandMessage, limitBytes: number, key: string | undefined): Sealed {
  const draft = draftBody(command)
  const bytes = (key === undefined ? draft.unsigned : draft.signedBy(key, noSignature)).length
  const excess = tooLarge(command)
  if (excess !== undefined)
    return {
      ...{ draft, bytes },
      objection: say(
        'Agents do not read this command: {0}. Send a smaller script, or fewer arguments.',
        excess,
      ),
    }
  return { draft, bytes, objection: bytes > limitBytes ? tooManyBytes(bytes, limitBytes) : undefined }
}

/** As long as one. */
const noSignature = new Uint8Array(signatureBytes)

const billedUnits = ({ bytes }: Sealed) => Math.ceil(bytes / billedUnitBytes)

function tooManyBytes(bytes: number, limitBytes: number): Localizable {
  return say(
    'This command takes {0} bytes, and the MaximumMessageSize of the queue is {1}. Raise it (SQS allows 1,048,576) or send a smaller script.',
    bytes,
    limitBytes,
  )
}
