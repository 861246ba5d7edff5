import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Action } from '../../../src/protocol/action.ts'
import { holdDirectory } from '../execution/directory.ts'
import { lookUpUser, ownUser } from '../execution/users.ts'
import { explainPolicy } from '../policy/policyDecision.ts'
import { defaultPolicyFile, readPolicyFile } from '../policy/policyFile.ts'
import { describePolicy, type PolicyInForce } from '../policy/policyInForce.ts'
import { policyNotes } from '../policy/policyNotes.ts'
import type { FoundDirectory, Request } from '../policy/policyRequest.ts'
import { policyTemplate } from '../policy/policyTemplates.ts'
import { readConfiguration } from '../settings/configuration.ts'
import { lookAtPolicy } from '../settings/livePolicy.ts'
import { type PolicyInit, type PolicyInvocation, type PolicyTest, policyUsage } from './policyArguments.ts'

type Write = (text: string) => void

/** @returns the exit code */
export async function runPolicyCommand(invocation: PolicyInvocation, write: Write): Promise<number> {
  switch (invocation.kind) {
    case 'policy-help':
      write(policyUsage)
      return 0
    case 'policy-init':
      return initialize(invocation, write)
    case 'policy-test':
      return test(invocation, write)
  }
}

/** @throws Error when there is a policy already, in words */
async function initialize(roles: PolicyInit, write: Write): Promise<number> {
  const text = policyTemplate(roles)
  if (roles.print) {
    write(text)
    return 0
  }
  const path = await policyPath(roles.configFile)
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${process.pid}.new`
  await writeFile(fresh, text, { mode: 0o640, flag: 'wx' })
  try {
    // Whole or not at all, and never in the place of another.
    await link(fresh, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new Error(`${path} exists already. Edit it, or print a new one with --print.`, { cause })
  } finally {
    await rm(fresh, { force: true })
  }
  write(
    `Wrote ${path}. It is in force; test it with: ec2-cagent policy test --sender ${roles.operators[0]}:you -- id\n`,
  )
  return 0
}

/** @throws Error when the configuration wants no policy */
async function policyPath(configFile: string | undefined): Promise<string> {
  const { policyFile, file } = await readConfiguration(configFile)
  if (policyFile === 'none')
    throw new Error(`general.policy is "none" in ${file}, so no policy would be used. Remove that first.`)
  return policyFile ?? defaultPolicyFile
}

async function test(question: PolicyTest, write: Write): Promise<number> {
  const inForce = await policyOf(question)
  write(`${describePolicy(inForce)}\n`)
  const request: Request = {
    senderId: question.sender,
    signature: question.key === undefined ? undefined : { key: question.key, verifies: () => true },
    action: await actionOf(question),
    namesTargets: true,
    ownUser: ownUser().name,
    now: Date.now(),
  }
  const written = explainPolicy(inForce, request)
  const found = written.decision.allowed ? await findDirectory(question, write) : undefined
  const { decision, rules } = found === undefined ? written : explainPolicy(inForce, { ...request, found })
  for (const { name, objection } of rules) write(`  ${name}: ${objection ?? 'allows it'}\n`)
  if (decision.allowed) {
    const last = rules.at(-1)
    write(last === undefined ? 'Allowed: there is no policy.\n' : `Allowed by ${last.name}.\n`)
    return 0
  }
  write(`Not allowed: ${decision.reason}\n`)
  if (inForce.kind === 'policy') for (const note of policyNotes(inForce.policy)) write(`Note: ${note}\n`)
  return 1
}

/** The directory as it is on this server, which is what decides when a command is executed. */
async function findDirectory(
  { user, directory }: PolicyTest,
  write: Write,
): Promise<FoundDirectory | undefined> {
  if (directory === undefined) return undefined
  const own = ownUser()
  const runs = user === undefined ? own : await lookUpUser(user, async () => '')
  try {
    const held = await holdDirectory(directory, [0, ...(runs === undefined ? [] : [runs.uid])])
    await held.release()
    return held
  } catch (error) {
    write(`Note: ${(error as Error).message}, so that its real path cannot be tested.\n`)
    return undefined
  }
}

async function policyOf({ policyFile, configFile }: PolicyTest): Promise<PolicyInForce> {
  if (policyFile === undefined) return lookAtPolicy(await readConfiguration(configFile))
  const found = await readPolicyFile(policyFile)
  if (found.kind === 'policy') return found
  throw new Error(found.kind === 'absent' ? `There is no file ${policyFile}.` : found.reason)
}

async function actionOf({ action, user, directory, variables }: PolicyTest): Promise<Action> {
  const execution = {
    ...(user === undefined ? {} : { user }),
    ...(directory === undefined ? {} : { directory }),
    ...(variables.length === 0 ? {} : { environment: Object.fromEntries(variables.map(variableOf)) }),
  }
  switch (action.kind) {
    case 'shell':
      return { kind: 'shell', command: action.command, ...execution }
    case 'script': {
      const content = (await readFile(action.file)).toString('base64')
      const interpreter = action.interpreter === undefined ? {} : { interpreter: action.interpreter }
      const name = basename(action.file)
      return { kind: 'script', name, content, args: [...action.args], ...interpreter, ...execution }
    }
    default:
      return { kind: action.kind }
  }
}

/** `NAME` or `NAME=VALUE` */
function variableOf(text: string): [name: string, value: string] {
  const [name = ''] = text.split('=', 1)
  return [name, text.slice(name.length + 1)]
}
