import * as os from 'node:os'
import { readInstanceMetadata } from '../facts/instanceMetadata.ts'
import { type Log, reasonOf } from '../log/log.ts'
import type { ReplyFrom } from '../replies/replyWriter.ts'
import type { Configuration } from '../settings/configuration.ts'
import { determineIdentity, readMachine } from './identity.ts'

/** At boot the metadata service may need a moment. */
const attempts = 3

/** The agent's id and host name, which are part of everything that it sends. */
export async function identify(
  configuration: Configuration,
  onEc2: boolean,
  log: Log,
  mode: 'remember' | 'only-look' = 'remember',
): Promise<ReplyFrom> {
  const hostname = configuration.hostname ?? os.hostname()
  const instanceId = onEc2 ? await instanceIdOf(configuration.facts.ec2MetadataEndpoint, log) : undefined
  const { agentId, warning } = await determineIdentity({
    instanceId,
    configuredId: configuration.agentId,
    hostname,
    stateDir: configuration.stateDir,
    machine: await readMachine(),
    mode,
  })
  if (warning !== undefined) log.warn(warning)
  return { agentId, hostname }
}

async function instanceIdOf(endpoint: string, log: Log): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const id = (await readInstanceMetadata(endpoint)).instance_id
      return typeof id === 'string' ? id : undefined
    } catch (error) {
      if (attempt < attempts) continue
      log.warn(`Cannot read the EC2 instance id: ${reasonOf(error)}.`)
      return undefined
    }
  }
}
