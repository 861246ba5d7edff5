import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { matchesFilter } from '../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../src/protocol/filter/parse.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { startMetadataServer } from '../../support/metadataServer.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))

let sqs: SqsServer
let environment: Environment
let master: Commander
let directory: string
let configFile: string

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
  configFile = join(directory, 'ec2-cagent.json')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function configure(general: object = {}, facts: object = {}, aws: object = {}): void {
  const content = {
    general: {
      state_dir: join(directory, 'state'),
      audit_log: join(directory, 'audit.log'),
      agent_id: 'a-1',
      ...general,
    },
    facts: { ec2_metadata: 'never', programs: join(directory, 'facts.d'), ...facts },
    aws: {
      region: 'eu-west-1',
      endpoint: environment.endpoint,
      sqs_read_queue: 'testing_master',
      sqs_write_queue: 'testing_agent',
      sqs_facts_queue: 'testing_facts',
      ...aws,
    },
  }
  writeFileSync(configFile, JSON.stringify(content))
}

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  return new Promise((resolve) => {
    execFile(process.execPath, [bundle, ...args], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('ec2-cagent', () => {
  it('tells its version and its usage', async () => {
    expect(await run('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ec2-cagent \d+\.\d+\.\d+\n$/),
    })
    expect((await run('--help')).stdout).toContain('--foreground')
    expect(await run('--nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('--nonsense') })
  })

  it('says in one sentence why it does not start', async () => {
    expect(await run('-f', '-c', configFile)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ec2-cagent: Cannot read the configuration .*: ENOENT.*\n$/),
    })
    configure({ max_parallel: 'many' })
    expect(await run('-c', configFile)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/general\.max_parallel is "many": expected a whole number\n$/),
    })
  })

  it('writes a first policy where there is none, and tells which rule decides', async () => {
    const policy = join(directory, 'policy.yaml')
    configure({ policy, require_policy: true })
    const ask = (...words: string[]) => run('policy', 'test', '-c', configFile, '--sender', ...words)
    expect(await ask('AROAABCDEFGHIJ:me', '--', 'id')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('ec2-cagent policy init'),
    })
    const init = [
      'policy',
      'init',
      '-c',
      configFile,
      '--operators',
      'AROAABCDEFGHIJ',
      '--viewers',
      'AIDAABCDEFGHIJ',
    ]
    expect(await run(...init)).toMatchObject({ code: 0, stdout: expect.stringContaining(`Wrote ${policy}`) })
    expect(await run(...init)).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') })
    expect(readdirSync(directory).filter((name) => name.includes('.new'))).toEqual([])
    expect(await ask('AROAABCDEFGHIJ:me', '--', 'id')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Allowed by operators.'),
    })
    const viewer = await ask('AIDAABCDEFGHIJ', '--', 'id')
    expect(viewer.code).toBe(1)
    expect(viewer.stdout).toContain('operators: No rule of the policy applies to the sender AIDAABCDEFGHIJ.')
    expect(viewer.stdout).toContain('Not allowed: viewers does not allow this command.')
  })

  it('tells of a policy what allows less than it did, and which directories are not what they seem', async () => {
    const base = realpathSync(directory)
    const policy = join(base, 'policy.yaml')
    mkdirSync(join(base, 'releases/7'), { recursive: true })
    symlinkSync('releases/7', join(base, 'current'))
    const directories = `["${base}/current", "${base}/releases/*", "${base}/current/*"]`
    writeFileSync(
      policy,
      `rules: [{name: web, senders: [AIDAX], commands: {allow: [make]}, directories: ${directories}}]`,
    )
    configure({ policy })
    const checked = await run('--check', '-c', configFile)
    expect(checked.stdout.split('\n').filter((line) => line.includes('Policy, web'))).toEqual([
      'note   Policy, web: only the agent’s own user, because the rule has no "users" beside its commands or scripts. Earlier versions allowed any.',
      `note   Policy, web: ${base}/current is a link to ${base}/releases/7, and only real paths count. Write "${base}/releases/7" under "directories", too.`,
      `note   Policy, web: ${base}/current is a link to ${base}/releases/7, and only real paths count. Write "${base}/releases/7/*" under "directories", too.`,
    ])
    const ask = (...words: string[]) => run('policy', 'test', '-c', configFile, '--sender', 'AIDAX', ...words)
    expect(await ask('--directory', join(base, 'current'), '--', 'make')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Allowed by web.'),
    })
    rmSync(join(base, 'current'))
    symlinkSync('/', join(base, 'current'))
    const refused = await ask('--directory', join(base, 'current'), '--', 'make')
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stdout).toContain(
      `Not allowed: web does not allow the directory ${base}/current, which really is /. To allow it, write "/" under directories in the rule.`,
    )
    expect(refused.stdout).toContain('Note: Policy, web: only the agent’s own user')
    expect((await ask('--directory', `${base}/releases/9`, '--', 'make')).stdout).toContain(
      `Note: the directory ${base}/releases/9 does not exist, so that its real path cannot be tested.`,
    )
  })

  it('prints its facts with the source of each', async () => {
    writeFileSync(join(directory, 'facts.yaml'), 'role: web\nos:\n  name: Ours\n')
    configure({}, { facts_path: `${join(directory, 'facts.yaml')},${join(directory, 'classes.txt')}` })
    writeFileSync(join(directory, 'classes.txt'), 'base role::web\n')
    const { code, stdout } = await run('facts', '-c', configFile)
    expect(code).toBe(0)
    expect(stdout).toContain(`role = "web"    (file ${join(directory, 'facts.yaml')})`)
    expect(stdout).toContain(`os.name = "Ours"    (file ${join(directory, 'facts.yaml')})`)
    expect(stdout).toMatch(/os\.family = ".*" {4}\(built-in\)/)
    expect(stdout).toContain('classes = ["base","role::web"]')
    expect(JSON.parse((await run('facts', '--json', '-c', configFile)).stdout)).toMatchObject({ role: 'web' })
    expect(existsSync(join(directory, 'state'))).toBe(false)
  })

  it('prints the path of each fact as a filter takes it, and all classes', async () => {
    const facts = {
      interfaces: { 'eth0.100': { ip: '10.9.0.5' } },
      mountpoints: { '/var/lib': { size: 2 } },
      tag: { 'Env Name': 'x' },
    }
    writeFileSync(join(directory, 'facts.json'), JSON.stringify(facts))
    writeFileSync(join(directory, 'one.txt'), 'base\n')
    writeFileSync(join(directory, 'two.txt'), 'role::web\n')
    const paths = ['facts.json', 'one.txt', 'two.txt'].map((name) => join(directory, name))
    configure({}, { facts_path: paths })
    const { stdout } = await run('facts', '-c', configFile)
    expect(stdout).toContain('interfaces."eth0.100".ip = "10.9.0.5"')
    expect(stdout).toContain(`classes = ["base","role::web"]    (file ${paths[1]}, file ${paths[2]})`)
    const data = JSON.parse((await run('facts', '--json', '-c', configFile)).stdout)
    const printed = stdout.split('\n').flatMap((line) => line.match(/^(.+?) = /)?.[1] ?? [])
    expect(printed).toHaveLength(stdout.trim().split('\n').length)
    for (const path of printed) {
      expect([path, matchesFilter(parseFilter(path), data)]).toEqual([path, true])
    }
  })

  it('notes what is ignored in facts.d, which is not a failure', async () => {
    mkdirSync(join(directory, 'facts.d'))
    writeFileSync(join(directory, 'facts.d/role.bak'), 'role=old\n')
    configure()
    expect(await run('facts', '-c', configFile)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Note: .*role\.bak is ignored/),
    })
  })

  it('prints which sources of facts are in trouble', async () => {
    configure({}, { facts_path: directory })
    expect(await run('facts', '-c', configFile)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`Problem: file ${directory}: a directory`),
    })
  })

  it('notes a file of facts that does not exist yet', async () => {
    configure({}, { facts_path: '/no/such/file.yaml' })
    expect(await run('facts', '-c', configFile)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Note: file /no/such/file.yaml: no such file yet'),
    })
    const check = await run('--check', '-c', configFile)
    expect(check.stdout).toContain('file /no/such/file.yaml: no such file yet')
    expect(check.stdout).not.toMatch(/^ok .*\/no\/such\/file/m)
    expect([check.stdout.includes('All checks passed.'), check.code]).toEqual([true, 0])
  })

  it('checks configuration, facts and queues before it starts', async () => {
    configure()
    const fit = await run('--check', '-c', configFile)
    expect(fit.stdout).toContain('All checks passed.')
    expect(fit.stdout).toContain('commands can be received from testing_master')
    expect(fit.stdout).toContain('No policy')
    expect(fit.code).toBe(0)
    configure({ typo: 1 }, { facts_path: directory }, { sqs_write_queue: 'missing_agent' })
    const unfit = await run('--check', '-c', configFile)
    expect(unfit.stdout).toContain('Unknown key "general.typo"')
    expect(unfit.stdout).toContain(`FAIL   facts from file ${directory}: a directory`)
    expect(unfit.stdout).toMatch(/FAIL {3}Queue missing_agent does not exist/)
    expect(unfit.stdout).toContain('2 problems found.')
    expect(unfit.code).toBe(1)
  })

  it('is the EC2 instance that the metadata service says, and knows its tags', async () => {
    const service = await startMetadataServer()
    configure({ agent_id: 'configured' }, { ec2_metadata: 'always', ec2_metadata_endpoint: service.endpoint })
    const { stdout } = await run('facts', '--json', '-c', configFile)
    service.stop()
    expect(JSON.parse(stdout)).toMatchObject({
      agent: { id: 'i-0123456789abcdef0' },
      ec2: { instance_type: 't3.micro', tags: { role: 'web' } },
    })
  })

  it('goes into the background, writes its pid and its log, reopens the log, and ends by a signal', async () => {
    const [pidFile, logFile] = [join(directory, 'run/agent.pid'), join(directory, 'log/agent.log')]
    configure()
    const started = await run('-c', configFile, '-p', pidFile, '-l', logFile)
    expect(started).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/is running in the background: process \d+/),
    })
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(started.stdout).toContain(String(pid))
    try {
      const { result } = await master.result(await master.send({ kind: 'ping' }))
      expect(result.agentId).toBe('a-1')
      renameSync(logFile, `${logFile}.1`)
      process.kill(pid, 'SIGHUP')
      await until(() => existsSync(logFile) && readFileSync(logFile, 'utf8').includes('Read '), 'a new log')
      expect(readFileSync(`${logFile}.1`, 'utf8')).toContain('is a-1')
      const second = await run('-c', configFile, '-p', join(directory, 'other.pid'), '-l', logFile)
      expect(second.code).toBe(1)
      expect(readFileSync(logFile, 'utf8')).toContain('Another agent is using the state directory')
    } finally {
      process.kill(pid, 'SIGTERM')
    }
    await until(() => !existsSync(pidFile), 'the pid file to go')
    await master.expire()
  })
})
