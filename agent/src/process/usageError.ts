/** A command line that cannot be parsed; `message` says which part. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
