import type { FactsConfiguration } from '../settings/configuration.ts'
import { createBuiltInFacts } from './builtIn.ts'
import { createFacter } from './facter.ts'
import { createFactFile } from './factFile.ts'
import { listFactPrograms } from './factPrograms.ts'
import type { FactSource } from './factReader.ts'
import { createInstanceMetadata } from './instanceMetadata.ts'

/**
 * All sources in their order of merging: what the server is, then what others measure of it, then what its
 * operators say. A later one wins.
 */
export function createSources(
  configuration: FactsConfiguration,
  self: {
    readonly agentId: string
    readonly hostname: string
    readonly environment: string
    readonly onEc2: boolean
    readonly shell: string
  },
  now: () => number,
): () => Promise<FactSource[]> {
  const timeoutMs = configuration.programTimeoutMs
  const steady: FactSource[] = [createBuiltInFacts(self)]
  if (self.onEc2) steady.push(createInstanceMetadata(configuration.ec2MetadataEndpoint, now))
  if (configuration.enabled) {
    const { facterCommand, paths } = configuration
    if (facterCommand !== undefined) {
      steady.push(createFacter(facterCommand, { shell: self.shell, timeoutMs }))
    }
    steady.push(...paths.map(createFactFile))
  }
  return async () => {
    if (!configuration.enabled) return steady
    return [...steady, ...(await listFactPrograms(configuration.programs, { timeoutMs }))]
  }
}
