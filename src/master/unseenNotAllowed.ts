import type { RunRequest } from '../run/runRequest.ts'
import { LocalizableError, say } from '../text/localizable.ts'

/** The request includes agents that the master does not know yet where that is not possible. Nothing was sent. */
export class UnseenNotAllowed extends LocalizableError {
  override readonly name = 'UnseenNotAllowed'
}

/** @throws UnseenNotAllowed if the request may not include agents that nobody has confirmed by name */
export function checkUnseen(
  { unseen, targets, rollout }: RunRequest,
  environment: { readonly name: string; readonly protected: boolean },
): void {
  if (unseen !== 'included') return
  if (environment.protected)
    throw new UnseenNotAllowed(
      say(
        '{0} is protected: a command must name its agents, so agents that are not known yet cannot be included. Nothing was sent.',
        environment.name,
      ),
    )
  if (targets !== undefined)
    throw new UnseenNotAllowed(
      say(
        'The request names its targets, so agents that are not known yet cannot be included. Nothing was sent.',
      ),
    )
  if (rollout !== undefined)
    throw new UnseenNotAllowed(
      say(
        'A rollout names the agents of each step, so agents that are not known yet cannot be included. Nothing was sent.',
      ),
    )
}
