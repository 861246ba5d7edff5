/**
 * What messages are hidden for while they are read, seconds: at least, at most, and what follows from how it goes. What is
 * too short makes a sweep read its first messages again; what is too long hides what is lost on the way here.
 */
const hideSeconds = { least: 4, most: 30, perMessage: 1 / 250, perElapsedSecond: 3, perSecondOfWay: 30 }

/** How a sweep goes. */
interface Course {
  /** Messages read so far. */
  readonly messages: number
  /** Since everything was visible, milliseconds. */
  readonly elapsedMs: number
  /** To SQS and back, milliseconds. */
  readonly wayMs: number
}

/** For how long the next receive of a sweep hides its messages, whole seconds. */
export function hideSecondsFor({ messages, elapsedMs, wayMs }: Course): number {
  const { least, most, perMessage, perElapsedSecond, perSecondOfWay } = hideSeconds
  const seconds = Math.max(
    messages * perMessage,
    least + (elapsedMs / 1000) * perElapsedSecond,
    (wayMs / 1000) * perSecondOfWay,
  )
  return Math.min(most, Math.ceil(seconds))
}
