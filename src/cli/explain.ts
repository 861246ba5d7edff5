import { NobodyMatches } from '../master/nobodyMatches.ts'
import { QueueError } from '../queues/queueError.ts'
import { printable } from '../terminal/printable.ts'
import { visibleText } from '../text/visibleText.ts'
import { UsageError } from './arguments.ts'
import { UnexpectedCount } from './targets.ts'

/** Prints the error as a sentence, and returns the exit code for its kind (see the usage). */
export function explain(error: unknown): number {
  const help = error instanceof UsageError ? '\nTry ec2-cmaster --help' : ''
  console.error(`ec2-cmaster: ${sentenceOf(error)}${help}`)
  if (error instanceof NobodyMatches) return 3
  if (error instanceof UnexpectedCount) return 6
  return error instanceof QueueError ? 4 : 2
}

/** What SQS says is foreign text, and makes no lines of its own; our own sentences may have several. */
function sentenceOf(error: unknown): string {
  if (error instanceof QueueError) return printable(error.message)
  return visibleText(error instanceof Error ? error.message : String(error))
}
