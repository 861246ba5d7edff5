import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Limited } from '../../../../agent/src/execution/cgroups.ts'
import { NoCgroups } from '../../../../agent/src/execution/cgroups.ts'
import { execute } from '../../../../agent/src/execution/execute.ts'
import { processesMarkedWith } from '../../../../agent/src/execution/markedProcesses.ts'
import { mayRaiseLimits, prlimit } from '../../../../agent/src/execution/resourceLimits.ts'
import { describeEnforcement, type Limits, RunLimits } from '../../../../agent/src/execution/runLimits.ts'
import { runMark } from '../../../../agent/src/execution/runMark.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'

const hasPrlimit = it.runIf(existsSync(prlimit))
/** Only root can become somebody else. */
const asRoot = it.runIf(existsSync(prlimit) && process.getuid?.() === 0)
const isCapable = await mayRaiseLimits()
/** Root of most containers may not. */
const whereRaised = it.runIf(existsSync(prlimit) && isCapable)

let directory: string
let kept: string[]
beforeEach(() => {
  kept = []
  directory = mkdtempSync(join(tmpdir(), 'run-limits-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Limits where cgroups can limit this, or where there are none. */
function limitsWith(limited: readonly Limited[] | undefined, mayRaise: boolean = isCapable) {
  const options = { cgroup: undefined, onKept: (runId: string) => void kept.push(runId) }
  return new RunLimits(options, {
    findPlace: async () => {
      if (limited === undefined) throw new NoCgroups('this system has no cgroups of version 2')
      return { directory, enableLimits: async () => new Set(limited), inUse: new Set<string>() }
    },
    mayRaiseLimits: async () => mayRaise,
  })
}

async function run(limits: RunLimits, most: Limits, command: string, user?: string) {
  const mark = randomUUID()
  let output = ''
  const outcome = await execute(
    { kind: 'shell', command, ...(user === undefined ? {} : { user }) },
    {
      ...{ mark, shell: '/bin/sh', stateDir: directory, ownUser: ownUser(), variables: {} },
      ...{ timeoutMs: 30_000, killGraceMs: 1000 },
      whyNot: async () => undefined,
      limit: () => limits.begin(most, 'r1', mark),
      onOutput: ({ bytes }) => {
        output += Buffer.from(bytes).toString()
        return undefined
      },
    },
    new AbortController().signal,
  )
  return { outcome, output, mark }
}

const processes = (count: number): Limits => ({ processes: count, memory: undefined })

describe('What limits count', () => {
  it('is the run where it has a cgroup for both, and is said', async () => {
    const limits = limitsWith(['processes', 'memory'])
    expect(limits.enforcement).toBe(undefined)
    expect(await limits.prepare()).toEqual({ processes: 'run', memory: 'run', directory })
    expect(describeEnforcement({ processes: 64, memory: 2 ** 20 }, await limits.prepare())).toBe(
      'Limits of a run: 64 processes (of the run together), 1048576 bytes of memory (of the run together).',
    )
  })

  hasPrlimit('is the user and each process elsewhere, with the reason', async () => {
    const enforcement = await limitsWith(undefined).prepare()
    expect(enforcement).toMatchObject({ processes: 'user', memory: 'process' })
    expect(describeEnforcement(processes(64), enforcement)).toBe(
      'Limits of a run: 64 processes (of its user together, except root). No cgroup limits it, because this system has no cgroups of version 2.',
    )
  })

  hasPrlimit('is found out for each limit apart', async () => {
    expect(await limitsWith(['processes']).prepare()).toMatchObject({ processes: 'run', memory: 'process' })
  })
})

describe('A run with limits', () => {
  it('starts in its cgroup, without a variable or an argument more', async () => {
    const most = { processes: 64, memory: undefined }
    const { outcome, output } = await run(
      limitsWith(['processes']),
      most,
      'cat "$0" >/dev/null; echo "$0 $#"; cat */cgroup.procs; cat */pids.max',
    )
    expect(outcome).toEqual({ kind: 'exited', code: expect.any(Number) })
    expect(output).toContain('/bin/sh 0')
    const limited = join(directory, `run-r1.${process.pid}`)
    expect(readFileSync(join(limited, 'cgroup.procs'), 'utf8')).toBe('0\n')
    expect(readFileSync(join(limited, 'pids.max'), 'utf8')).toBe('max')
  })

  it('is not executed where its cgroup cannot be made, and says so', async () => {
    const limits = limitsWith(['processes'])
    await limits.prepare()
    rmSync(directory, { recursive: true })
    expect((await run(limits, processes(64), 'echo done')).outcome).toMatchObject({
      ...{
        kind: 'not-executed',
        reason: expect.stringContaining('processes and memory cannot be limited: ENOENT'),
      },
    })
  })

  it('has none where none are configured, wherever it runs', async () => {
    const none = { processes: undefined, memory: undefined }
    expect((await run(limitsWith(['processes']), none, 'ulimit -v')).output).toBe('unlimited\n')
  })

  hasPrlimit('cannot take more memory in one process, where there is no cgroup', async () => {
    const most = { processes: undefined, memory: 64 * 1024 ** 2 }
    const { output } = await run(
      limitsWith(undefined),
      most,
      'ulimit -v; head -c 200M /dev/zero | tail -c 150M | wc -c',
    )
    expect(output).toMatch(/^65536\n/)
    expect(output).not.toContain('157286400')
  })

  asRoot('cannot raise them as another user', async () => {
    const { output } = await run(
      limitsWith(undefined, true),
      processes(500),
      'ulimit -p 4000 2>&1 || true; ulimit -H -p',
      'nobody',
    )
    expect(output).toMatch(/\n500\n$/)
  })

  hasPrlimit(
    'of an agent that is not root may raise them, as that cannot take them back from what it leaves',
    async () => {
      const most = { processes: undefined, memory: 512 * 1024 ** 2 }
      const { output } = await run(limitsWith(undefined, false), most, 'ulimit -S -v; ulimit -H -v')
      expect(output).toBe('524288\nunlimited\n')
    },
  )
})

describe('The end of a run with limits', () => {
  const limitsOf = (pid: number) => readFileSync(`/proc/${pid}/limits`, 'utf8')
  const own = () => limitsOf(process.pid)
  const line = (text: string, name: string) => text.split('\n').find((found) => found.startsWith(name))

  /** The processes that are left; they are ended. */
  async function left(mark: string): Promise<string[]> {
    const pids = await processesMarkedWith(runMark, mark)
    const texts = pids.map(limitsOf)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    return texts
  }

  async function daemonLimits(user?: string) {
    const most = { processes: 5_000, memory: 512 * 1024 ** 2 }
    const command = 'ulimit -S -v; sleep 60 >/dev/null 2>&1 &'
    const { outcome, output, mark } = await run(limitsWith(undefined), most, command, user)
    expect([outcome, output, kept]).toEqual([{ kind: 'exited', code: 0 }, '524288\n', []])
    return left(mark)
  }

  hasPrlimit('gives a daemon that it leaves the agent’s own limits', async () => {
    const [limits = '', ...others] = await daemonLimits()
    expect(others).toEqual([])
    for (const name of ['Max processes', 'Max address space'])
      expect(line(limits, name)).toBe(line(own(), name))
  })

  whereRaised('does so for daemons of other users', async () => {
    const [limits = ''] = await daemonLimits('nobody')
    for (const name of ['Max processes', 'Max address space'])
      expect(line(limits, name)).toBe(line(own(), name))
  })

  asRoot('leaves them to many processes, which may be a fork bomb, and tells of it', async () => {
    const command = 'for n in 1 2 3 4; do sleep 60 >/dev/null 2>&1 & done'
    const most = { processes: 5_000, memory: 512 * 1024 ** 2 }
    const few = await run(limitsWith(undefined), { ...most, processes: 12 }, command)
    for (const limits of await left(few.mark))
      expect(line(limits, 'Max address space')).toContain('536870912')
    expect(kept).toEqual(['r1'])
  })

  it('tells of a limit that its cgroup has met', async () => {
    const limits = limitsWith(['processes'])
    const begun = await limits.begin(processes(64), 'r2', 'mark')
    writeFileSync(join(directory, `run-r2.${process.pid}`, 'pids.events'), 'max 1\n')
    await begun.end()
    expect(kept).toEqual(['r2'])
  })
})
