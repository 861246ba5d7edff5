import { foldHosts } from '../hosts/hostFolding.ts'
import type { RunState } from '../run/runState.ts'
import { type Localizable, say } from '../text/localizable.ts'

/** Names the agents that executed the command although it did not name them; undefined if there is none. */
export function unexpectedSentence(state: RunState): Localizable | undefined {
  if (state.unexpected === 0) return undefined
  const hosts = [...state.replies.values()]
    .filter(({ unexpected }) => unexpected)
    .map(({ hostname }) => hostname)
  return hosts.length === 1
    ? say('Unexpected: 1 agent executed the command, which did not name it: {0}', hosts[0] ?? '')
    : say(
        'Unexpected: {0} agents executed the command, which did not name them: {1}',
        hosts.length,
        foldHosts(hosts),
      )
}
