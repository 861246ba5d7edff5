import { type Localizable, say } from '../text/localizable.ts'

/**
 * Agents could not receive a command that was sent to them: the master could not receive it itself. Recorded once for the
 * command and once for a cancel. It changes no verdict.
 */
export interface HiddenCommand {
  readonly what: 'command' | 'cancel'
  /**
   * `held`: messages of the queue were in flight, and agents keep none there, so another reader held it. `gone`: SQS counted
   * none in flight. Its counts are approximate, so that a reader may still have held it.
   */
  readonly how: 'held' | 'gone'
  /** Agents that had not replied to it. */
  readonly agents: number
  /** When it was found, milliseconds, the master's clock. */
  readonly at: number
}

/** What happened to the command, and what its agents' silence means because of it. */
export function hiddenSentence({ what, how, agents }: HiddenCommand): Localizable {
  if (what === 'command')
    return how === 'held'
      ? say(
          'Hidden: another reader of the command queue was holding the command, so that agents could not receive it ({0} had not replied). Their silence does not mean that they are down. Find out what receives from this queue with a visibility timeout.',
          agents,
        )
      : say(
          'Hidden: the command was no longer on the command queue, and this master had not deleted it ({0} agents had not replied). Their silence does not mean that they are down. Another reader has deleted or is holding it, or a redrive policy has moved it.',
          agents,
        )
  return how === 'held'
    ? say(
        'Hidden: another reader of the command queue was holding the cancel, so that agents could not receive it ({0} had not stopped). Find out what receives from this queue with a visibility timeout.',
        agents,
      )
    : say(
        'Hidden: the cancel was no longer on the command queue, and this master had not deleted it ({0} agents had not stopped). Another reader has deleted or is holding it, or a redrive policy has moved it.',
        agents,
      )
}
