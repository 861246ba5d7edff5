import { type Localizable, LocalizableError, say } from '../text/localizable.ts'

/** No agent matches the filter, which is valid. Nothing was sent. */
export class NobodyMatches extends LocalizableError {
  override readonly name = 'NobodyMatches'

  /** @param known agents that have reported in the last minutes */
  constructor(environment: string, filter: string, known: number) {
    super(nobodyMatches(environment, filter, known))
  }
}

function nobodyMatches(environment: string, filter: string, known: number): Localizable {
  if (known === 0) {
    return say(
      "No agent of {0} is reporting. Nothing was sent. Check that agents are running and use this environment's queues.",
      environment,
    )
  }
  return known === 1
    ? say('{0} does not match the 1 agent of {1}. Nothing was sent.', filter, environment)
    : say('{0} does not match any of the {1} agents of {2}. Nothing was sent.', filter, known, environment)
}
