import type { Facts } from '../../../src/protocol/facts.ts'
import type { Configuration } from '../settings/configuration.ts'
import { createBuiltInFacts } from './builtIn.ts'
import { createFactDirectory, type SourceList } from './factDirectory.ts'
import { createFacter } from './facter.ts'
import { createFactFile } from './factFile.ts'
import { FactReader } from './factReader.ts'
import { type FactSource, readEvery } from './factSource.ts'
import { createInstanceMetadata, instanceMetadataKeptMs } from './instanceMetadata.ts'

/** What the facts of an agent begin with. */
export interface FactOwner {
  readonly agentId: string
  readonly hostname: string
  readonly onEc2: boolean
  /** What operators of the fleet want to know of the agent itself, as it is at the moment. */
  readonly posture: () => Facts
}

/**
 * Reads the facts that a configuration asks for. Sources are made once for each configuration, so that what they keep
 * (parsed files, what facter and EC2 said) is kept.
 * @param configuration as it is at the moment
 */
export function createFactReader(configuration: () => Configuration, owner: FactOwner): FactReader {
  const steady = () => performance.now()
  // Also over changes of the configuration.
  const seen = new Set<string>()
  let made: { readonly of: Configuration; readonly list: () => Promise<SourceList> } | undefined
  return new FactReader(() => {
    const current = configuration()
    if (made?.of !== current) made = { of: current, list: createSources(current, owner, steady, seen) }
    return made.list()
  })
}

/**
 * All sources in their order of merging: what the server is, then what others measure of it, then what its
 * operators say. A later one wins.
 * @param steady a clock that nobody sets, milliseconds
 * @param seen see {@link createFactFile}
 */
export function createSources(
  { facts, environment, shell }: Configuration,
  { agentId, hostname, onEc2, posture }: FactOwner,
  steady: () => number,
  seen: Set<string>,
): () => Promise<SourceList> {
  const timeoutMs = facts.programTimeoutMs
  const fixed: FactSource[] = [createBuiltInFacts({ agentId, hostname, environment, posture })]
  if (onEc2)
    fixed.push(readEvery(instanceMetadataKeptMs, createInstanceMetadata(facts.ec2MetadataEndpoint), steady))
  if (!facts.enabled) return async () => ({ sources: fixed, warnings: [], problems: [] })
  if (facts.facterCommand !== undefined) {
    const facter = createFacter(facts.facterCommand, { shell, timeoutMs })
    fixed.push(readEvery(facts.facterIntervalMs, facter, steady))
  }
  fixed.push(...facts.paths.map((path) => createFactFile(path, undefined, seen)))
  const listDirectory = createFactDirectory(facts.programs, { timeoutMs })
  return async () => {
    const { sources, warnings, problems } = await listDirectory()
    return { sources: [...fixed, ...sources], warnings, problems }
  }
}
