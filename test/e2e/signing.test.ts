import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AgentFleet, startAgents } from '../support/agents.ts'
import { openWorkbench, type Workbench } from '../support/editor.ts'
import { fleetPatience, showsAgents, withoutAws } from '../support/fleetWorkbench.ts'
import { type SshAgent, startSshAgent } from '../support/realSshAgent.ts'
import { type SqsServer, startSqs } from '../support/sqs.ts'

let directory: string
let policy: string
let sqs: SqsServer
let sshAgent: SshAgent
let fleet: AgentFleet
let workbench: Workbench

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signing-'))
  policy = join(directory, 'policy.yaml')
  sqs = await startSqs()
  sshAgent = await startSshAgent()
  const environment = await sqs.environment('guarded')
  // Somebody else's key is the only one that counts.
  await deploy(JSON.stringify({ keys: { bob: sshAgent.publicKey }, rules: [{ keys: ['bob'] }] }))
  fleet = await startAgents(environment, 2, { general: { policy }, facts: { interval: 5 } })
  const { region, endpoint } = environment
  workbench = await openWorkbench({
    env: {
      ...withoutAws,
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', SSH_AUTH_SOCK: sshAgent.socket },
    },
    settings: {
      'ec2Collective.environments': { guarded: { region, endpoint } },
      // A whole document is then on the screen.
      'editor.fontSize': 7,
      'editor.codeLens': false,
    },
  })
  await workbench.openContainer('EC2 Collective')
  await workbench.view('Environments').expand('guarded')
  await showsAgents(workbench, 'guarded', 2)
})
beforeEach((context) => workbench.record(context))
afterAll(async () => {
  await workbench?.close()
  await fleet?.stop()
  await sshAgent?.stop()
  await sqs?.stop()
  await rm(directory, { recursive: true, force: true })
})

const refused = 'Refused for the signature (2)'

describe('Set Up Signing', () => {
  it('begins in the review of a command that its agents would refuse', async () => {
    const { quickInput } = workbench
    await review('id -un')
    const row = (await quickInput.items()).find(({ label }) => label === refused)
    expect(row?.detail).toContain('no key signs for this environment: agent-[1-2]')
    await quickInput.pick(refused)
    await quickInput.titled('Set Up Signing')
  })

  it('leads without a terminal to a signed command that is executed', async () => {
    const { quickInput } = workbench
    await quickInput.pick('New key, kept by this editor')
    await named('alice')
    await workbench.showTab('Signing key alice.yaml')
    const text = await editorText('ask for a signature, and do not accept this key yet (2): agent-[1-2]')
    // What the administrators of the servers do.
    await deploy(text)
    await review('echo signed')
    await expect.poll(labels, fleetPatience).not.toContain(refused)
    await quickInput.accept()
    await ranOn('echo signed', 'alice')
  })

  it('holds after the window was reloaded', async () => {
    await workbench.reload()
    await showsAgents(workbench, 'guarded', 2)
    await review('echo signed again')
    await workbench.quickInput.accept()
    await ranOn('echo signed again', 'alice', 2)
  })

  it('takes a key of the SSH agent, under the name that the servers know', async () => {
    const { quickInput } = workbench
    await deploy(JSON.stringify({ keys: { bob: sshAgent.publicKey }, rules: [{ keys: ['bob'] }] }))
    await review('true')
    await expect.poll(labels, fleetPatience).toContain(refused)
    expect((await quickInput.items()).find(({ label }) => label === refused)?.detail).toContain(
      'the key alice is not in their policy',
    )
    await quickInput.pick(refused)
    await quickInput.titled('Set Up Signing')
    await quickInput.pick('alice@desk')
    await named(undefined)
    await workbench.showTab('Signing key bob.yaml')
    await editorText('ask for a signature, and accept this key (2): agent-[1-2]')
    await review('echo by agent')
    await expect.poll(labels, fleetPatience).not.toContain(refused)
    await quickInput.accept()
    await ranOn('echo by agent', 'bob')
  })
})

/** As configuration management does it. */
async function deploy(text: string): Promise<void> {
  await writeFile(`${policy}.new`, text, { mode: 0o600 })
  await rename(`${policy}.new`, policy)
}

/** Goes to the last box before a command is sent. */
async function review(command: string): Promise<void> {
  const { quickInput } = workbench
  await workbench.runCommand('EC2 Collective: Run Command…')
  await quickInput.pick('guarded')
  await quickInput.titled('guarded')
  await quickInput.type('*')
  await quickInput.pick('2 of 2 agents match')
  await quickInput.titled('*')
  await quickInput.type(command)
  await expect.poll(async () => (await labels())[0], fleetPatience).toBe(command)
  await quickInput.accept()
  await quickInput.titled('Run on guarded')
}

async function labels(): Promise<string[]> {
  return (await workbench.quickInput.items()).map(({ label }) => label)
}

/** Answers the questions after that for the key. @param name undefined: the one that is offered */
async function named(name: string | undefined): Promise<void> {
  const { quickInput } = workbench
  const asks = (what: string) => expect.poll(() => quickInput.message(), fleetPatience).toContain(what)
  await asks('Name of the key')
  if (name !== undefined) await quickInput.type(name)
  await quickInput.accept()
  await asks('Day from which on')
  await quickInput.accept()
}

/** The text of the editor that is showing, once it contains `part`. */
async function editorText(part: string): Promise<string> {
  const lines = workbench.page.locator('.editor-instance .view-line')
  let text = ''
  await expect
    .poll(async () => {
      text = await lines.evaluateAll((elements) =>
        elements
          .map((element) => ({
            top: Number.parseFloat(/top: *([\d.]+)/.exec(element.getAttribute('style') ?? '')?.[1] ?? '0'),
            element,
          }))
          .toSorted((one, other) => one.top - other.top)
          .map(({ element }) => (element.textContent ?? '').replaceAll('\u00a0', ' '))
          .join('\n'),
      )
      return text
    }, fleetPatience)
    .toContain(part)
  return text
}

/** Both agents have executed it, and their audit says whose signature they have verified. @param times that this key has signed so far */
async function ranOn(command: string, key: string, times = 1): Promise<void> {
  const row = async () => (await workbench.view('History').row(command)).description
  await expect.poll(row, fleetPatience).toContain('2 succeeded')
  for (const agentId of fleet.agentIds) {
    const audit = await readFile(fleet.agent(agentId).auditLog, 'utf8')
    const entries = audit
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const ended = entries.filter(({ event, verifiedKey }) => event === 'ended' && verifiedKey === key)
    expect(ended).toHaveLength(times)
  }
}
