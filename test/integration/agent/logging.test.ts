import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))

/** An agent that does not run as root, as its README advises; where we are not root, it runs as we do. */
const isRoot = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534 }

let sqs: SqsServer
let environment: Environment
let master: Commander
let directory: string
let agent: ChildProcess | undefined
let stderr: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  master = startCommander(sqs.connect(), environment)
})

afterAll(async () => {
  await master.stop()
  await sqs.stop()
})

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
  chmodSync(directory, 0o755)
  if (isRoot) chownSync(directory, nobody.uid, nobody.gid)
  stderr = ''
})

afterEach(async () => {
  if (agent !== undefined && agent.exitCode === null) {
    agent.kill('SIGKILL')
    await once(agent, 'exit')
  }
  agent = undefined
  await master.expire()
  rmSync(directory, { recursive: true, force: true })
})

const inside = (name: string) => join(directory, name)
const text = (name: string) => (existsSync(inside(name)) ? readFileSync(inside(name), 'utf8') : '')

function start(): void {
  const { commands, replies, facts } = environment.queues
  writeFileSync(inside('facts.yaml'), 'role: web\n')
  const configuration = {
    general: { state_dir: inside('state'), audit_log: inside('audit.log'), agent_id: 'a-1', hostname: 'a-1' },
    facts: { ec2_metadata: 'never', programs: inside('facts.d'), facts_path: inside('facts.yaml') },
    aws: {
      region: environment.region,
      endpoint: environment.endpoint,
      sqs_read_queue: commands,
      sqs_write_queue: replies,
      sqs_facts_queue: facts,
    },
  }
  writeFileSync(inside('ec2-cagent.json'), JSON.stringify(configuration))
  const files = ['-c', inside('ec2-cagent.json'), '-l', inside('agent.log'), '-p', inside('agent.pid')]
  const child = spawn(process.execPath, [bundle, '--supervisor', ...files], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    ...(isRoot ? nobody : {}),
  })
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString('utf8')
  })
  agent = child
}

/** A file that the agent may not open: of another user, where we can make such. */
function makeUnopenable(name: string): void {
  writeFileSync(inside(name), '', { mode: isRoot ? 0o640 : 0o000 })
}

const logged = (pattern: RegExp, name = 'agent.log') =>
  until(
    () => pattern.test(text(name)) || (name === 'agent.log' && pattern.test(stderr)),
    `${pattern} in ${name}`,
    () => `: ${text(name)} ${stderr}`,
  )

async function answersCommands(): Promise<void> {
  const { stdout } = await master.result(await master.send({ kind: 'shell', command: 'echo here' }))
  expect(stdout).toBe('here\n')
}

describe('an agent that does not run as root', () => {
  it('lives on when logrotate makes its new log files for somebody else, and goes on in the old ones', async () => {
    start()
    await logged(/ is a-1 /)
    for (const name of ['agent.log', 'audit.log']) {
      renameSync(inside(name), inside(`${name}.1`))
      makeUnopenable(name)
    }
    writeFileSync(inside('facts.yaml'), 'role: db\n')
    agent?.kill('SIGHUP')
    await logged(/agent\.log cannot be opened: EACCES/, 'agent.log.1')
    await logged(/audit\.log cannot be opened: EACCES/, 'agent.log.1')
    // What the signal asks for beside that is done all the same.
    const runId = await master.send({ kind: 'shell', command: 'echo here' }, { filter: 'role=db' })
    expect((await master.result(runId)).stdout).toBe('here\n')
    await logged(new RegExp(`"runId":"${runId}"`), 'audit.log.1')
    expect(agent?.exitCode).toBeNull()
  })

  it('moves over to the new files as soon as it may', async () => {
    start()
    await logged(/ is a-1 /)
    renameSync(inside('agent.log'), inside('agent.log.1'))
    makeUnopenable('agent.log')
    agent?.kill('SIGHUP')
    await logged(/cannot be opened: EACCES/, 'agent.log.1')
    rmSync(inside('agent.log'))
    await answersCommands()
    await until(
      () => text('agent.log').includes('succeeded'),
      'the line in the new file',
      () => text('agent.log.1'),
    )
  })

  it('starts without the log that it may not open, and logs to standard error', async () => {
    makeUnopenable('agent.log')
    makeUnopenable('audit.log')
    start()
    await until(
      () => / is a-1 /.test(stderr),
      'the agent to start',
      () => stderr,
    )
    expect(stderr).toMatch(/Logging to standard error, because .*agent\.log cannot be opened: EACCES/)
    expect(stderr).toMatch(/Commands are not audited, because .*audit\.log cannot be opened: EACCES/)
    await answersCommands()
    await until(
      () => /Cannot write the audit log; the entry is: \{/.test(stderr),
      'the entry',
      () => stderr,
    )
  })
})
