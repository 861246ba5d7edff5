import { type Action, invalidField } from '../protocol/action.ts'
import { LocalizableError, say } from '../text/localizable.ts'

/** A field of the action is not valid, so that every agent would refuse it. Nothing was sent. */
export class InvalidAction extends LocalizableError {
  override readonly name = 'InvalidAction'
}

/** @throws InvalidAction that names the field, and what it should be */
export function checkAction(action: Action): void {
  const invalid = invalidField(action)
  if (invalid !== undefined)
    throw new InvalidAction(
      say('The command has a field that is not valid ({0}). Nothing was sent.', invalid),
    )
}
