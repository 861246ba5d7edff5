import type { FactValue } from '../../../src/protocol/facts.ts'
import { FactReader } from '../facts/factReader.ts'
import { isEc2Instance } from '../facts/instanceMetadata.ts'
import { explainFacts } from '../facts/mergeFacts.ts'
import { createSources } from '../facts/sources.ts'
import { identify } from '../identity/agentIdentity.ts'
import { createLog } from '../log/log.ts'
import { readConfiguration } from '../settings/configuration.ts'

/**
 * Prints every fact with the source that had the last word, then the sources in trouble; as JSON the bare facts.
 * @returns the exit code: 1 when a source is in trouble
 */
export async function printFacts(
  o: { readonly configFile: string | undefined; readonly json: boolean },
  write: (text: string) => void,
): Promise<number> {
  const configuration = await readConfiguration(o.configFile)
  const onEc2 =
    configuration.facts.ec2Metadata === 'auto'
      ? await isEc2Instance()
      : configuration.facts.ec2Metadata === 'always'
  const log = createLog('error', () => {}, Date.now)
  const self = await identify(configuration, onEc2, log, 'only-look')
  const { environment, shell } = configuration
  const reader = new FactReader(
    createSources(configuration.facts, { ...self, environment, onEc2, shell }, Date.now),
  )
  const { facts, problems, bySource } = await reader.refresh()
  if (o.json) {
    write(`${JSON.stringify(facts, undefined, 2)}\n`)
    return problems.length > 0 ? 1 : 0
  }
  for (const { path, value, source } of explainFacts(bySource)) {
    write(`${path} = ${printValue(value)}    (${source})\n`)
  }
  for (const problem of problems) write(`\nIn trouble: ${problem}\n`)
  return problems.length > 0 ? 1 : 0
}

function printValue(value: FactValue): string {
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
