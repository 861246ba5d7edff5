import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { QueueError } from '../../../src/queues/queueError.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { expectsMetadata } from '../facts/instanceMetadata.ts'
import { createFactReader } from '../facts/sources.ts'
import { identify } from '../identity/agentIdentity.ts'
import { createLog } from '../log/log.ts'
import type { PolicyError } from '../policy/policy.ts'
import { noPolicy, readPolicy } from '../policy/policyFile.ts'
import { type Configuration, readConfiguration } from '../settings/configuration.ts'
import { ConfigurationError } from '../settings/configurationFile.ts'

/**
 * Checks whether the agent can work with this configuration, and prints what is wrong.
 * @returns the exit code: 0 when all checks passed, else 1
 */
export async function checkAgent(
  configFile: string | undefined,
  write: (text: string) => void,
): Promise<number> {
  let failures = 0
  const good = (sentence: string) => write(`ok     ${sentence}\n`)
  const odd = (sentence: string) => write(`note   ${sentence}\n`)
  const bad = (sentence: string) => {
    failures += 1
    write(`FAIL   ${sentence}\n`)
  }
  let configuration: Configuration
  try {
    configuration = await readConfiguration(configFile)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    bad(error.message)
    return 1
  }
  good(`${configuration.file}: environment ${configuration.environment}`)
  for (const warning of configuration.warnings) odd(warning)
  await checkPolicy(configuration, good, odd, bad)
  await checkStateDirectory(configuration, good, bad)
  await checkFacts(configuration, good, odd, bad)
  await checkQueues(configuration, good, odd, bad)
  write(describeResult(failures))
  return failures === 0 ? 0 : 1
}

function describeResult(failures: number): string {
  if (failures === 0) return 'All checks passed.\n'
  return failures === 1 ? '1 problem found.\n' : `${failures} problems found.\n`
}

type Say = (sentence: string) => void

async function checkPolicy({ policyFile }: Configuration, good: Say, odd: Say, bad: Say): Promise<void> {
  try {
    const policy = await readPolicy(policyFile)
    if (policy === undefined) odd(noPolicy)
    else good(`policy ${policy.file}: ${policy.rules.length} rules`)
  } catch (error) {
    bad((error as PolicyError).message)
  }
}

async function checkStateDirectory({ stateDir }: Configuration, good: Say, bad: Say): Promise<void> {
  for (let path = stateDir; ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK)
      good(`state directory ${stateDir}${path === stateDir ? '' : ' can be created'}`)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && path !== '/') continue
      bad(`state directory ${stateDir}: ${(error as Error).message}`)
      return
    }
  }
}

async function checkFacts(configuration: Configuration, good: Say, odd: Say, bad: Say): Promise<void> {
  const onEc2 = await expectsMetadata(configuration.facts)
  const self = await identify(
    configuration,
    onEc2,
    createLog('warn', (line) => bad(line.trim()), Date.now),
    'only-look',
  )
  const reading = await createFactReader(() => configuration, { ...self, onEc2 }).refresh()
  good(`this agent is ${self.agentId}, host name ${self.hostname}`)
  for (const name of reading.bySource.keys()) good(`facts from ${name}`)
  for (const warning of reading.warnings) odd(`facts: ${warning}`)
  for (const problem of reading.problems) bad(`facts from ${problem}`)
}

async function checkQueues(
  { queues: names, facts }: Configuration,
  good: Say,
  odd: Say,
  bad: Say,
): Promise<void> {
  const { region, endpoint, profile } = names
  const queues = createQueues({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
  })
  try {
    await checkReceiving(queues, names.commands, good, bad)
    for (const queue of facts.publish ? [names.replies, names.facts] : [names.replies]) {
      await checkSending(queues, queue, good, bad)
    }
    const offsetMs = queues.clockOffsetMs
    if (offsetMs !== undefined && Math.abs(offsetMs) > 60_000) {
      bad(describeSkew(offsetMs))
    }
    if (!facts.publish) odd('facts are not published, so masters do not expect replies from this agent')
  } finally {
    queues.close()
  }
}

/** @param offsetMs SQS's clock minus ours */
function describeSkew(offsetMs: number): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1000)
  const where = offsetMs > 0 ? 'behind' : 'ahead of'
  return `the clock is ${seconds} s ${where} that of SQS: synchronise it, for example with chrony`
}

/** A short receive with visibility 0 hides no message from other consumers. */
async function checkReceiving(queues: Queues, queue: string, good: Say, bad: Say): Promise<void> {
  try {
    await queues.receive(queue, { waitSeconds: 0, visibilitySeconds: 0, max: 1 })
    good(`commands can be received from ${queue}`)
    const { redrivePolicy } = await queues.attributes(queue)
    if (redrivePolicy !== undefined)
      bad(`${queue} has a redrive policy, which moves commands to another queue: remove it`)
  } catch (error) {
    bad((error as QueueError).message)
  }
}

async function checkSending(queues: Queues, queue: string, good: Say, bad: Say): Promise<void> {
  try {
    await queues.attributes(queue)
    good(`${queue} exists`)
  } catch (error) {
    bad((error as QueueError).message)
  }
}
