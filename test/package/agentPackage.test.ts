import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeExecutable } from '../../agent/packaging/executable.mjs'
import { nodeReleases } from '../../agent/packaging/nodeRuntime.mjs'
import type { Environment } from '../../src/queues/environment.ts'
import { startAgent } from '../support/agentProcess.ts'
import { type Commander, startCommander } from '../support/commander.ts'
import { type SqsServer, startSqs } from '../support/sqs.ts'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(root, 'dist/agent')
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version as string
const run = promisify(execFile)
const arm64 = { timeout: 300_000 }

let sqs: SqsServer
let environment: Environment
let master: Commander
let directory: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  master = startCommander(sqs.connect(), environment)
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
})

afterAll(async () => {
  await master.stop()
  await sqs.stop()
  rmSync(directory, { recursive: true, force: true })
})

afterEach(() => master.expire())

describe('what is packaged', () => {
  it('is what SHA256SUMS says', () => {
    const lines = readFileSync(join(packages, 'SHA256SUMS'), 'utf8').trim().split('\n')
    const files = lines.map((line) => line.slice(66))
    expect(files.sort()).toEqual(
      [
        'ec2-cagent.js',
        'ec2-cagent-linux-x64',
        'ec2-cagent-linux-arm64',
        `ec2-cagent_${version}_amd64.deb`,
        `ec2-cagent_${version}_arm64.deb`,
      ].sort(),
    )
    for (const line of lines) {
      const content = readFileSync(join(packages, line.slice(66)))
      expect(createHash('sha256').update(content).digest('hex')).toBe(line.slice(0, 64))
    }
  })
})

describe('the executable for x64', () => {
  it('works as an agent with no Node in reach', async () => {
    const agent = await startAgent({
      environment,
      directory: join(directory, 'x64'),
      command: [join(packages, 'ec2-cagent-linux-x64')],
      variables: { PATH: '/usr/bin:/bin' },
    })
    const { stdout } = await master.result(
      await master.send({ kind: 'shell', command: 'echo $PATH; command -v node' }),
    )
    expect(stdout.split('\n')[0]).toBe('/usr/bin:/bin')
    await agent.stop()
    const { stdout: told } = await run(join(packages, 'ec2-cagent-linux-x64'), ['--version'], {
      env: { PATH: '/none' },
    })
    expect(told).toBe(`ec2-cagent ${version}\n`)
  })
})

describe('an executable', () => {
  it('has the Node that is pinned, the flags for little memory and a collector of garbage in it', async () => {
    const script = join(directory, 'script.js')
    writeFileSync(
      script,
      `const { heap_size_limit } = require('node:v8').getHeapStatistics()
      console.log(JSON.stringify([process.versions.node, typeof gc, heap_size_limit < 140 * 2 ** 20]))`,
    )
    const executable = join(directory, 'executable')
    const cache = join(root, '.cache/node-runtimes')
    expect(await makeExecutable({ script, architecture: process.arch, executable, cache })).toEqual({})
    const { stdout } = await run(executable, { env: {} })
    expect(JSON.parse(stdout)).toEqual([nodeReleases[process.arch]?.version, 'function', true])
  })
})

describe('the executable for arm64', () => {
  it('tells its version under an emulator', arm64, async () => {
    const sysroot = await arm64Sysroot()
    const { stdout } = await run(join(sysroot, 'usr/bin/qemu-aarch64-static'), [
      '-L',
      join(sysroot, 'usr/aarch64-linux-gnu'),
      join(packages, 'ec2-cagent-linux-arm64'),
      '--version',
    ])
    expect(stdout).toBe(`ec2-cagent ${version}\n`)
  })

  /** The emulator with Debian's libc and libstdc++ for arm64, unpacked and not installed. */
  async function arm64Sysroot(): Promise<string> {
    const folder = join(root, '.cache/arm64')
    const sysroot = join(folder, 'root')
    if (existsSync(join(sysroot, 'usr/aarch64-linux-gnu/lib/libgcc_s.so.1'))) return sysroot
    mkdirSync(folder, { recursive: true })
    const names = ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross']
    await run('apt-get', ['download', ...names], { cwd: folder })
    for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg-deb', ['-x', join(folder, deb), sysroot])
    }
    return sysroot
  }
})

describe('the .deb', () => {
  const deb = join(packages, `ec2-cagent_${version}_amd64.deb`)
  const etc = '/etc/ec2_collective'
  const configFile = join(etc, 'ec2-cagent.json')
  const init = (action: string) => run('/etc/init.d/ec2-cagent', [action], { env: withKey })
  const withKey = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    DEBIAN_FRONTEND: 'noninteractive',
  }
  const dpkg = (...args: string[]) => run('dpkg', args, { env: withKey })

  beforeAll(() => {
    if (existsSync(etc) || existsSync('/usr/sbin/ec2-cagent')) {
      throw new Error('An agent is installed on this machine: these tests would remove it.')
    }
  })

  afterAll(async () => {
    // Whatever failed above, nothing of it stays.
    await init('stop').catch(() => {})
    await dpkg('-P', 'ec2-cagent').catch(() => {})
    rmSync(etc, { recursive: true, force: true })
  })

  it('installs an agent that waits for its configuration', { timeout: 60_000 }, async () => {
    const { stdout } = await dpkg('-i', deb)
    expect(stdout).toContain('copy /etc/ec2_collective/ec2-cagent.json.sample to ec2-cagent.json')
    expect((await run('/usr/sbin/ec2-cagent', ['--version'])).stdout).toBe(`ec2-cagent ${version}\n`)
    expect(existsSync('/var/run/ec2_collective/ec2-cagent.pid')).toBe(false)
    for (const file of [
      '/lib/systemd/system/ec2-cagent.service',
      '/etc/logrotate.d/ec2-cagent',
      '/etc/init.d/ec2-cagent',
      '/etc/ec2_collective/environment.sample',
    ]) {
      expect(existsSync(file)).toBe(true)
    }
    expect((await dpkg('-s', 'ec2-cagent')).stdout).not.toContain('Conffiles')
  })

  it('works with the configuration of the original’s README, in the foreground', async () => {
    writeFileSync(configFile, readmeConfiguration(environment.endpoint ?? ''))
    const { child, ended } = startForeground()
    try {
      const runId = await master.send({ kind: 'shell', command: 'echo installed' })
      expect((await master.result(runId)).stdout).toBe('installed\n')
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  })

  it('is started, told of, upgraded while it works, and stopped by its init script', {
    timeout: 60_000,
  }, async () => {
    await init('start')
    expect((await init('status')).stdout).toMatch(/ec2-cagent runs, process \d+/)
    const pid = pidOf()
    const flag = join(directory, 'go-on')
    const runId = await master.send({
      kind: 'shell',
      command: `echo begun; until test -e ${flag}; do sleep 0.1; done; echo done`,
    })
    await master.wait(runId, 'output')
    await dpkg('-i', deb)
    expect(pidOf()).toBe(pid)
    writeFileSync(flag, '')
    expect((await master.result(runId)).stdout).toBe('begun\ndone\n')
    await until(() => pidOf() !== undefined && pidOf() !== pid, 'the new agent')
    expect((await master.result(await master.send({ kind: 'ping' }))).result.outcome.kind).toBe('exited')
    await init('stop')
    expect(pidOf()).toBeUndefined()
    await expect(init('status')).rejects.toMatchObject({ code: 3 })
  })

  it('is removed through the agent itself: the command is answered, nothing is left half removed, the agent ends', {
    timeout: 60_000,
  }, async () => {
    await init('start')
    const agent = Number(pidOf())
    const beside = await master.send({ kind: 'shell', command: 'sleep 3; echo beside' })
    // As by sudo, without the variables of the command.
    const { result, stdout } = await master.result(
      await master.send({ kind: 'shell', command: 'env -i PATH="$PATH" dpkg -r ec2-cagent; echo $?' }),
    )
    expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
    expect(stdout).toMatch(
      /the agent, which executes this, ends as soon as none of its commands runs\n(.*\n)*0\n$/,
    )
    expect((await dpkg('--audit')).stdout).toBe('')
    expect((await master.result(beside)).stdout).toBe('beside\n')
    await until(() => !existsSync(`/proc/${agent}`) && pidOf() === undefined, 'the agent to end')
    await until(() => !existsSync('/run/ec2-cagent.removal'), 'the removal to be over')
    expect(existsSync('/usr/sbin/ec2-cagent')).toBe(false)
    expect(existsSync('/var/lib/ec2_collective/journal')).toBe(true)
  })

  it('is purged through the agent itself, which answers before its memory goes', {
    timeout: 60_000,
  }, async () => {
    await dpkg('-i', deb)
    await until(() => pidOf() !== undefined || init('start').then(() => false), 'the agent to run')
    const { result } = await master.result(
      await master.send({ kind: 'shell', command: 'dpkg -P ec2-cagent' }),
    )
    expect(result.outcome).toEqual({ kind: 'exited', code: 0 })
    await until(() => !existsSync('/run/ec2-cagent.removal'), 'the removal to be over')
    expect(existsSync('/var/lib/ec2_collective')).toBe(false)
    expect(pidOf()).toBeUndefined()
    expect((await dpkg('--audit')).stdout).toBe('')
    await dpkg('-i', deb)
  })

  it('removed ends the agent and keeps configuration, memory and logs; purged it keeps what is the operator’s', {
    timeout: 60_000,
  }, async () => {
    await init('start')
    await dpkg('-r', 'ec2-cagent')
    expect(pidOf()).toBeUndefined()
    expect(existsSync('/usr/sbin/ec2-cagent')).toBe(false)
    for (const kept of [
      configFile,
      '/var/lib/ec2_collective/journal',
      '/var/log/ec2_collective/audit.log',
      '/etc/logrotate.d/ec2-cagent',
    ]) {
      expect(existsSync(kept)).toBe(true)
    }
    const { stdout } = await dpkg('-P', 'ec2-cagent')
    expect(stdout).toContain('/etc/ec2_collective holds files of yours')
    for (const gone of [
      '/var/lib/ec2_collective',
      '/var/log/ec2_collective',
      '/etc/logrotate.d/ec2-cagent',
      '/etc/init.d/ec2-cagent',
    ]) {
      expect(existsSync(gone)).toBe(false)
    }
    expect(readdirSync(etc)).toEqual(['ec2-cagent.json'])
  })

  function startForeground() {
    const child = execFile('/usr/sbin/ec2-cagent', ['-f'], { env: withKey })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    return { child, ended }
  }

  function pidOf(): string | undefined {
    try {
      return readFileSync('/var/run/ec2_collective/ec2-cagent.pid', 'utf8')
    } catch {
      return undefined
    }
  }
})

/** As the original's README has it, but for the endpoint. */
function readmeConfiguration(endpoint: string): string {
  return `{
    "general": {
        "log_level": "INFO",
        "timeout": 30,
        "sqs_poll_interval": 1,
        "done_queue_poll_interval": 0.1,
        "yaml_facts": true,
        "yaml_facts_path": "/etc/ec2_collective/facts.yaml,/var/lib/puppet/state/classes.txt",
        "yaml_facts_refresh": 30,
        "use_facts_queue": true
    },
    "aws": {
        "region": "eu-west-1",
        "sqs_read_queue": "testing_master",
        "sqs_write_queue": "testing_agent",
        "sqs_facts_queue": "testing_facts",
        "endpoint": "${endpoint}"
    }
}`
}
