import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeEnforcement, RunLimits } from '../execution/runLimits.ts'
import { ownUser } from '../execution/users.ts'
import { expectsMetadata } from '../facts/instanceMetadata.ts'
import { createFactReader } from '../facts/sources.ts'
import { identify } from '../identity/agentIdentity.ts'
import { createLog } from '../log/log.ts'
import { describePolicy, type PolicyInForce } from '../policy/policyInForce.ts'
import { policyNotes } from '../policy/policyNotes.ts'
import { type Configuration, readConfiguration } from '../settings/configuration.ts'
import { ConfigurationError } from '../settings/configurationFile.ts'
import { lookAtPolicy } from '../settings/livePolicy.ts'
import type { Invocation } from './arguments.ts'
import { type CheckReport, checkQueues } from './checkQueues.ts'
import { policyDirectoryNotes } from './policyDirectories.ts'
import { describePosture } from './posture.ts'
import { readServiceEnvironment, runAgain, serviceEnvironmentFiles } from './serviceEnvironment.ts'

/**
 * Checks as the service: with the variables that it has, not those of the shell that asks.
 * @returns the exit code: 0 when all checks passed, else 1
 */
export async function checkAsService(
  { configFile, environmentFile }: Extract<Invocation, { kind: 'check' }>,
  args: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const files = environmentFile === undefined ? serviceEnvironmentFiles : [environmentFile]
  const { variables, differs, notes } = await readServiceEnvironment(process.env, files)
  for (const note of notes) write(`note   ${note}\n`)
  return differs ? runAgain(args, variables) : checkAgent(configFile, write)
}

/**
 * Checks whether the agent can work with this configuration, and prints what is wrong.
 * @returns the exit code: 0 when all checks passed, else 1
 */
async function checkAgent(configFile: string | undefined, write: (text: string) => void): Promise<number> {
  let failures = 0
  const report: CheckReport = {
    ok: (sentence) => write(`ok     ${sentence}\n`),
    note: (sentence) => write(`note   ${sentence}\n`),
    fail(sentence) {
      failures += 1
      write(`FAIL   ${sentence}\n`)
    },
  }
  let configuration: Configuration
  try {
    configuration = await readConfiguration(configFile)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    report.fail(error.message)
    write(describeResult(failures))
    return 1
  }
  report.ok(`${configuration.file}: environment ${configuration.environment}`)
  for (const warning of configuration.warnings) report.note(warning)
  const policy = await lookAtPolicy(configuration)
  await checkPolicy(policy, report)
  await checkStateDirectory(configuration, report)
  await checkLimits(configuration, report)
  await checkFacts(configuration, policy, report)
  await checkQueues(configuration, report)
  write(describeResult(failures))
  return failures === 0 ? 0 : 1
}

function describeResult(failures: number): string {
  if (failures === 0) return 'All checks passed.\n'
  return failures === 1 ? '1 problem found.\n' : `${failures} problems found.\n`
}

async function checkPolicy(policy: PolicyInForce, report: CheckReport): Promise<void> {
  const sentence = describePolicy(policy)
  if (policy.kind === 'policy') {
    report.ok(sentence)
    const notes = [...policyNotes(policy.policy), ...(await policyDirectoryNotes(policy.policy))]
    for (const note of notes) report.note(note)
  } else if (policy.kind === 'open' || policy.isAwaited) report.note(sentence)
  else report.fail(sentence)
}

async function checkStateDirectory({ stateDir }: Configuration, report: CheckReport): Promise<void> {
  for (let path = stateDir; ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK)
      report.ok(`state directory ${stateDir}${path === stateDir ? '' : ' can be created'}`)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && path !== '/') continue
      report.fail(`state directory ${stateDir}: ${(error as Error).message}`)
      return
    }
  }
}

async function checkLimits({ limits, limitsCgroup }: Configuration, report: CheckReport): Promise<void> {
  if (limits.processes === undefined && limits.memory === undefined) return
  if (limitsCgroup === undefined) {
    report.note(
      'limits: the agent says in its log at its start, and by the facts below agent.limits, what they count',
    )
    return
  }
  const options = { cgroup: limitsCgroup, onKept: () => {} }
  const enforcement = await new RunLimits(options).prepare()
  if (enforcement.problem === undefined) report.ok(describeEnforcement(limits, enforcement))
  else report.fail(`limits.cgroup: ${enforcement.problem}`)
}

async function checkFacts(
  configuration: Configuration,
  policy: PolicyInForce,
  report: CheckReport,
): Promise<void> {
  const onEc2 = await expectsMetadata(configuration.facts)
  const self = await identify(
    configuration,
    onEc2,
    createLog('warn', (line) => report.fail(line.trim()), Date.now),
    'only-look',
  )
  const posture = () => describePosture({ configuration, policy }, ownUser().name, undefined, undefined)
  const reading = await createFactReader(() => configuration, { ...self, onEc2, posture }).refresh()
  report.ok(`this agent is ${self.agentId}, host name ${self.hostname}`)
  for (const name of reading.bySource.keys()) report.ok(`facts from ${name}`)
  for (const warning of reading.warnings) report.note(`facts: ${warning}`)
  for (const problem of reading.problems) report.fail(`facts from ${problem}`)
}
