import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AgentProcess, startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

let sqs: SqsServer
let master: Commander
let agent: AgentProcess
let directory: string
/** Root's, with what `nobody` attacks. */
let base: string

/** Only root can execute as somebody else. */
const asRoot = it.runIf(process.getuid?.() === 0)
const nobody = 65534

beforeAll(async () => {
  sqs = await startSqs()
  const environment = await sqs.environment('testing')
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'agent-')))
  // Scripts of other users lie beneath it.
  chmodSync(directory, 0o711)
  follow('rules: []')
  agent = await startAgent({ environment, directory, general: { policy: join(directory, 'policy.yaml') } })
  master = startCommander(sqs.connect(), environment)
})

afterAll(async () => {
  await master.stop()
  await agent.stop()
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

beforeEach(() => {
  base = join(directory, 'base')
  mkdirSync(base)
  chmodSync(base, 0o755)
})

afterEach(async () => {
  await master.expire()
  rmSync(base, { recursive: true, force: true })
})

/** It is in force for the next command. */
function follow(policy: string): void {
  writeFileSync(join(directory, 'policy.yaml'), policy, { mode: 0o600 })
}

/** What became of a command: its output, or why it was not executed. */
async function answerTo(action: object): Promise<string> {
  const runId = await master.send(action as Parameters<Commander['send']>[0])
  const types = () => master.heard(runId).map(({ message }) => message.type)
  await until(() => types().some((type) => type === 'refusal' || type === 'result'), 'an answer')
  if (types().includes('refusal')) return (await master.wait(runId, 'refusal')).reason
  const { result, stdout, stderr } = await master.result(runId)
  return result.outcome.kind === 'not-executed' ? result.outcome.reason : `${stdout}${stderr}`
}

const shell = (command: string, more: object = {}) => ({ kind: 'shell', command, ...more })

describe('a run that a policy limits to nobody', () => {
  asRoot.each([
    ...['LD_PRELOAD', 'LD_AUDIT', 'GLIBC_TUNABLES', 'GCONV_PATH', 'BASH_ENV', 'ENV', 'PATH', 'PYTHONPATH'],
    ...['GIT_SSH_COMMAND', 'HOME', 'DBUS_SYSTEM_BUS_ADDRESS'],
  ])('may not bring %s by a pattern', async (name) => {
    follow('rules: [{name: jobs, users: [nobody], environment: ["*"]}]')
    const variable = { [name]: '/tmp/evil' }
    expect(await answerTo(shell('id -u', { user: 'nobody', environment: variable }))).toContain(
      `jobs does not allow the environment variable ${name}, which`,
    )
    expect(await answerTo(shell('id -u'))).toContain('does not allow execution as root')
  })

  asRoot('has the variables that a rule names act on its own program, and on none of root’s', async () => {
    follow('rules: [{users: [nobody], environment: [LD_DEBUG, LD_DEBUG_OUTPUT]}]')
    chmodSync(base, 0o777)
    const variables = { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(base, 'proof') }
    expect(await answerTo(shell('/usr/bin/id -u', { user: 'nobody', environment: variables }))).toBe(
      `${nobody}\n`,
    )
    const writers = new Set(readdirSync(base).map((name) => statSync(join(base, name)).uid))
    expect([...writers]).toEqual([nobody])
  })

  asRoot('cannot make root delete files, by a race for the folder of its script', async () => {
    follow('rules: [{users: [nobody]}]')
    const victim = join(base, 'victim')
    mkdirSync(victim, { mode: 0o700 })
    for (const name of ['passwd', 'shadow', 'keep']) writeFileSync(join(victim, name), 'root only')
    const seen = join(base, 'seen')
    mkdirSync(seen)
    chmodSync(seen, 0o777)
    // What it leaves behind waits until root deletes its first file, and then puts a link in the place of the folder.
    const content = `#!/usr/bin/env python3
import os, sys
own = os.path.dirname(os.path.abspath(sys.argv[0]))
os.chdir(own)
try:
    os.mkdir('d')
    for i in range(3000): open('d/%05d' % i, 'w').close()
    for n in ('passwd', 'shadow'): open('d/' + n, 'w').close()
    made = True
except OSError as e:
    made = False
    print('cannot prepare:', e.strerror)
sys.stdout.flush()
if os.fork() == 0:
    os.setsid()
    null = os.open('/dev/null', os.O_RDWR)
    for fd in (0, 1, 2): os.dup2(null, fd)
    while made:
        try:
            if len(os.listdir('d')) < 3002:
                os.rename('d', 'e'); os.symlink('${victim}', 'd'); break
        except OSError: break
    while os.path.exists(sys.argv[0]): pass
    open('${seen}/end', 'w').close()
os._exit(0)
`
    const script = {
      kind: 'script',
      name: 'x.py',
      content: Buffer.from(content).toString('base64'),
      args: [],
    }
    expect(await answerTo({ ...script, user: 'nobody' })).toBe('cannot prepare: Permission denied\n')
    await until(() => existsSync(join(seen, 'end')), 'the process that was left behind to see the end')
    expect(readdirSync(victim).sort()).toEqual(['keep', 'passwd', 'shadow'])
    expect(readdirSync(join(agent.stateDirectory, 'scripts'))).toEqual([])
  })
})

describe('a rule that allows a command in certain directories', () => {
  /** Root's `srv/app`, and what others own: `srv/up`, `open/evil`. Each says in a file whose it is. */
  function lay(): void {
    for (const name of ['srv/app', 'srv/up', 'open/evil', 'open/app']) {
      mkdirSync(join(base, name), { recursive: true })
      writeFileSync(join(base, name, 'mark'), `${name}\n`)
    }
    for (const name of ['srv/up', 'open/evil', 'open/app', 'open'])
      chownSync(join(base, name), nobody, nobody)
  }
  const link = (to: string, at: string) => symlinkSync(join(base, to), join(base, at))

  interface Attempt {
    readonly what: string
    /** Directory of the rule, and of the command, below `base`. */
    readonly allowed: string
    readonly asked: string
    /** The command's output, or why it is not executed. */
    readonly answer: string | RegExp
    readonly prepare?: () => void
  }
  const attempt = (
    what: string,
    allowed: string,
    asked: string,
    answer: string | RegExp,
    prepare: () => void = () => {},
  ): Attempt => ({ what, allowed, asked, answer, prepare })
  const attempts: readonly Attempt[] = [
    attempt('one that it names', '/srv/app', '/srv/app', 'srv/app\n'),
    attempt('one with slashes at its end', '/srv/app', '/srv/app//', 'srv/app\n'),
    attempt('one that a pattern matches', '/srv/*', '/srv/app', 'srv/app\n'),
    attempt('one of somebody else that it names', '/srv/up', '/srv/up', 'srv/up\n'),
    attempt(
      'another',
      '/srv/app',
      '/open/evil',
      /does not allow the directory .*open\/evil\. To allow it, write/,
    ),
    attempt('one by way of ..', '/srv/*', '/srv/app/../../open/evil', /Write it without "\.\."/),
    attempt('one of somebody else below a pattern', '/srv/*', '/srv/up', /only under its exact name/),
    attempt(
      'a link below a pattern to one of somebody else',
      '/srv/*',
      '/srv/current',
      /srv\/current, which really is .*open\/evil/,
      () => link('open/evil', 'srv/current'),
    ),
    attempt('a link below a pattern to another below it', '/srv/*', '/srv/current', 'srv/app\n', () =>
      link('srv/app', 'srv/current'),
    ),
    attempt(
      'a name that its owner made a link',
      '/open/app',
      '/open/app',
      /open\/app, which really is .*open\/evil/,
      () => {
        renameSync(join(base, 'open/app'), join(base, 'open/old'))
        link('open/evil', 'open/app')
      },
    ),
    attempt(
      'a part of its path that its owner made a link',
      '/open/app/inner',
      '/open/app/inner',
      /which really is .*open\/evil\/inner/,
      () => {
        mkdirSync(join(base, 'open/evil/inner'))
        renameSync(join(base, 'open/app'), join(base, 'open/old'))
        link('open/evil', 'open/app')
      },
    ),
    attempt(
      'one below a pattern that its group can write to',
      '/srv/*',
      '/srv/app',
      /only under its exact name, because users other than root can change it/,
      () => chmodSync(join(base, 'srv/app'), 0o775),
    ),
    attempt(
      'one of root’s below a folder of somebody else, by a pattern',
      '/open/*',
      '/open/roots',
      /only under its exact name/,
      () => mkdirSync(join(base, 'open/roots')),
    ),
  ]

  asRoot.each(attempts)('gives the right answer to $what', async ({ allowed, asked, answer, prepare }) => {
    lay()
    prepare?.()
    follow(`rules: [{name: web, commands: {allow: [cat mark]}, directories: ["${base}${allowed}"]}]`)
    expect(await answerTo(shell('cat mark', { directory: `${base}${asked}` }))).toEqual(
      typeof answer === 'string' ? answer : expect.stringMatching(answer),
    )
  })

  asRoot.each([undefined, 'nobody'])(
    'is never led elsewhere by a link that is exchanged all the time (as %s)',
    async (user) => {
      lay()
      let exchanging: ChildProcess | undefined
      try {
        link('srv/app', 'open/flip')
        const loop = `cd ${base}/open; while :; do ln -sfn ../srv/app n && mv -T n flip; ln -sfn evil n && mv -T n flip; done`
        exchanging = spawn('/bin/sh', ['-c', loop], { uid: nobody, gid: nobody, stdio: 'ignore' })
        const names = JSON.stringify([`${base}/open/flip`, `${base}/srv/app`])
        follow(
          `rules: [{name: web, commands: {allow: [cat mark]}, users: [root, nobody], directories: ${names}}]`,
        )
        const answers = await Promise.all(
          Array.from({ length: 40 }, () =>
            answerTo(
              shell('cat mark', { directory: `${base}/open/flip`, ...(user === undefined ? {} : { user }) }),
            ),
          ),
        )
        expect(answers.filter((answer) => answer.includes('open/evil\n'))).toEqual([])
        for (const answer of answers)
          expect(answer).toMatch(
            /^srv\/app\n$|which really is .*open\/evil|nobody cannot enter|does not exist/,
          )
      } finally {
        exchanging?.kill('SIGKILL')
      }
    },
  )
})
