import type { FactValue } from '../../../src/protocol/facts.ts'
import { printPath } from '../../../src/protocol/filter/print.ts'
import { visibleJson } from '../../../src/text/jsonText.ts'
import { visibleLine } from '../../../src/text/visibleText.ts'
import { ownUser } from '../execution/users.ts'
import { expectsMetadata } from '../facts/instanceMetadata.ts'
import { explainFacts } from '../facts/mergeFacts.ts'
import { createFactReader } from '../facts/sources.ts'
import { identify } from '../identity/agentIdentity.ts'
import { createLog } from '../log/log.ts'
import { readConfiguration } from '../settings/configuration.ts'
import { lookAtPolicy } from '../settings/livePolicy.ts'
import { describePosture } from './posture.ts'

/**
 * Prints every fact with the source that determined it, then the problems of sources; as JSON only the facts.
 * @returns the exit code: 1 when a source has a problem
 */
export async function printFacts(
  o: { readonly configFile: string | undefined; readonly json: boolean },
  write: (text: string) => void,
): Promise<number> {
  const configuration = await readConfiguration(o.configFile)
  const onEc2 = await expectsMetadata(configuration.facts)
  const log = createLog('error', () => {}, Date.now)
  const self = await identify(configuration, onEc2, log, 'only-look')
  const policy = await lookAtPolicy(configuration)
  const posture = () => describePosture({ configuration, policy }, ownUser().name, undefined, undefined)
  const reader = createFactReader(() => configuration, { ...self, onEc2, posture })
  const { facts, problems, warnings, bySource } = await reader.refresh()
  if (o.json) {
    write(`${visibleJson(JSON.stringify(facts, undefined, 2))}\n`)
    return problems.length > 0 ? 1 : 0
  }
  for (const { path, value, sources } of explainFacts(bySource)) {
    const [first, ...others] = path
    // As a filter has it, with quotes where a name has dots or blanks.
    write(
      `${visibleLine(printPath([segmentOf(first), ...others.map(segmentOf)]))} = ${printValue(value)}    (${sources.join(', ')})\n`,
    )
  }
  for (const warning of warnings) write(`\nNote: ${visibleLine(warning)}\n`)
  for (const problem of problems) write(`\nProblem: ${visibleLine(problem)}\n`)
  return problems.length > 0 ? 1 : 0
}

function segmentOf(name: string) {
  return { kind: 'name', name } as const
}

function printValue(value: FactValue): string {
  const text = visibleJson(JSON.stringify(value))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
