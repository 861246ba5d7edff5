import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CgroupEnclosure } from '../../../../agent/src/execution/enclosure.ts'
import { execute } from '../../../../agent/src/execution/execute.ts'
import { groupOfProcess } from '../../../../agent/src/execution/markedProcesses.ts'
import type { ExecutableAction } from '../../../../agent/src/execution/preparation.ts'
import { RunLimits } from '../../../../agent/src/execution/runLimits.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'
import { killableRoot, makeCgroup, type RealCgroup, readCgroup } from '../../../support/realCgroup.ts'
import { until } from '../../../support/until.ts'

const inKillable = it.runIf(killableRoot !== undefined)
const none = { processes: undefined, memory: undefined }

let directory: string
let cgroup: RealCgroup | undefined
let limits: RunLimits

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'enclosure-'))
  if (killableRoot !== undefined) cgroup = makeCgroup(killableRoot, 'enclosure')
  limits = new RunLimits({ cgroup: cgroup?.directory, onKept: () => {} })
})
afterEach(async () => {
  await cgroup?.remove()
  cgroup = undefined
  rmSync(directory, { recursive: true, force: true })
})

const place = () => join(cgroup?.directory ?? '', `run-r1.${process.pid}`)
const pids = () =>
  existsSync(place()) ? readCgroup(place(), 'cgroup.procs').split('\n').filter(Boolean).map(Number) : []

async function run(action: ExecutableAction, timeoutMs = 30_000, enclosed = limits) {
  const mark = randomUUID()
  let output = ''
  const outcome = await execute(
    action,
    {
      ...{ mark, shell: '/bin/sh', stateDir: directory, ownUser: ownUser(), variables: {} },
      ...{ timeoutMs, killGraceMs: 1_000 },
      whyNot: async () => undefined,
      limit: () => enclosed.begin(none, 'r1', mark),
      onOutput: ({ bytes }) => {
        output += Buffer.from(bytes).toString()
        return undefined
      },
    },
    new AbortController().signal,
  )
  return { outcome, output }
}

const shell = (command: string) => ({ kind: 'shell', command }) as const

/** What nothing but a cgroup finds again: it has shed environment, group and session. (Where this user may make cgroups.) */
const shed = (command: string) => `env -i setsid ${command}`

describe('A run in a cgroup of its own, without limits', () => {
  inKillable('is stopped whole at its timeout, also what ignores TERM', async () => {
    const stubborn = `${shed(`sh -c 'trap "" TERM; while :; do sleep 0.1; done'`)} >/dev/null 2>&1 &`
    const running = run(shell(`${shed('sleep 501')} >/dev/null 2>&1 & ${stubborn} sleep 502`), 3_000)
    await until(() => pids().length >= 4, 'all to be in the cgroup')
    const found = pids()
    expect((await running).outcome).toEqual({ kind: 'timed-out' })
    // A zombie may stay in a container whose first process does not reap.
    expect((await Promise.all(found.map(groupOfProcess))).filter((group) => group !== undefined)).toEqual([])
    expect(existsSync(place())).toBe(false)
  })

  inKillable('leaves alone what it leaves behind when it ends by itself', async () => {
    const { outcome } = await run(shell(`${shed('sleep 60')} >/dev/null 2>&1 &`))
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect(pids()).toHaveLength(1)
  })

  inKillable('has the environment that it has without one', async () => {
    const action = shell('tr "\\0" "\\n" </proc/self/environ | grep -v ^EC2_COLLECTIVE_RUN= | sort')
    const without = new RunLimits({ cgroup: join(directory, 'none'), onKept: () => {} })
    expect((await run(action)).output).toBe((await run(action, 30_000, without)).output)
  })

  inKillable('cannot be executed for the reason that the system has', async () => {
    const content = Buffer.from('#!/no/such/program\n').toString('base64')
    expect((await run({ kind: 'script', name: 'x', content, args: [] })).outcome).toEqual({
      kind: 'not-executed',
      reason: '/no/such/program does not exist',
    })
    expect(existsSync(place())).toBe(false)
  })

  it('is executed where its cgroup cannot be made, or entered', async () => {
    for (const made of [join(directory, 'none'), directory]) {
      const elsewhere = new RunLimits({ cgroup: made, onKept: () => {} })
      await elsewhere.place()
      if (made === directory)
        mkdirSync(join(directory, `run-r1.${process.pid}`, 'cgroup.procs'), { recursive: true })
      expect((await run(shell('echo done'), 30_000, elsewhere)).output).toBe('done\n')
    }
  })
})

describe('Processes of a cgroup', () => {
  it('are none where it is gone, and killing it makes no file', async () => {
    const gone = new CgroupEnclosure([join(directory, 'gone')])
    expect([await gone.members(), await gone.isEmpty()]).toEqual([[], true])
    await gone.kill()
    await new CgroupEnclosure([directory]).kill()
    expect(existsSync(join(directory, 'cgroup.kill'))).toBe(false)
  })

  it('are never the agent, nor all processes, nor those of its group', async () => {
    writeFileSync(join(directory, 'cgroup.procs'), `0\n1\n${process.pid}\n99999999\n`)
    expect(await new CgroupEnclosure([directory]).members()).toEqual([99_999_999])
  })

  it('are there as long as any is left in a cgroup below', async () => {
    writeFileSync(join(directory, 'cgroup.procs'), '')
    writeFileSync(join(directory, 'cgroup.events'), 'populated 1\nfrozen 0\n')
    expect(await new CgroupEnclosure([directory]).isEmpty()).toBe(false)
  })
})
