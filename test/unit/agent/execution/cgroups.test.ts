import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type CgroupPlace,
  cgroupsLeftOf,
  findCgroupPlace,
  RunCgroup,
} from '../../../../agent/src/execution/cgroups.ts'
import { cgroupRoot, makeCgroup } from '../../../support/realCgroup.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroups-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')

/** A process in this cgroup, beside which there are these processes. */
function system(path: string, pids: readonly number[] = [100]) {
  const membership = join(root, 'membership')
  writeFileSync(membership, `1:name=systemd:/\n0::${path}\n`)
  mkdirSync(join(root, path), { recursive: true })
  writeFileSync(join(root, path, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''))
  return { membership, root, pid: 100 }
}

const service = 'system.slice/ec2-cagent.service'

describe('The place for cgroups of runs', () => {
  it('is the cgroup of the service: the agent moves into one below it', async () => {
    const own = system(`/${service}`)
    const place = await findCgroupPlace(undefined, own)
    expect(place.directory).toBe(join(root, service))
    expect(read(service, 'agent', 'cgroup.procs')).toBe('100')
  })

  it('has its controllers enabled where runs are limited, and only there: others could not be started again', async () => {
    const own = system(`/${service}`)
    writeFileSync(join(root, service, 'cgroup.subtree_control'), '')
    const place = await findCgroupPlace(undefined, own)
    expect(read(service, 'cgroup.subtree_control')).toBe('')
    // The files of a directory are no cgroup: it has no limits.
    expect([...(await place.enableLimits())]).toEqual([])
    expect(read(service, 'cgroup.subtree_control')).toBe('+memory')
  })

  it('is the one above, where systemd has started the agent in a part of its own', async () => {
    const own = system(`/${service}/agent`)
    expect((await findCgroupPlace(undefined, own)).directory).toBe(join(root, service))
    expect(existsSync(join(root, service, 'agent', 'agent'))).toBe(false)
  })

  it('is none where the agent is not alone in its cgroup: nobody else’s processes are moved', async () => {
    const own = system('/user.slice/session-3.scope', [99, 100])
    await expect(findCgroupPlace(undefined, own)).rejects.toThrow(
      /shares its cgroup .*session-3.scope with other processes/,
    )
    expect(readdirSync(join(root, 'user.slice/session-3.scope'))).toEqual(['cgroup.procs'])
  })

  it('is none on a system without cgroups of version 2, or without any', async () => {
    writeFileSync(join(root, 'membership'), '4:memory:/agent\n1:name=systemd:/\n')
    for (const membership of [join(root, 'membership'), join(root, 'not-there')])
      await expect(findCgroupPlace(undefined, { membership, root, pid: 1 })).rejects.toThrow(
        /no cgroups of version 2/,
      )
  })

  it('says what the system says of a directory that is not there', async () => {
    await expect(findCgroupPlace(join(root, 'no', 'such'))).rejects.toThrow(/ENOENT.*no\/such/)
  })

  it.runIf(cgroupRoot !== undefined)(
    'says what can be limited in a real one, and leaves nothing behind there',
    async () => {
      const cgroup = makeCgroup(cgroupRoot as string, 'place')
      // More than the highest number that a process can have.
      mkdirSync(join(cgroup.directory, 'run-of-an-earlier-agent.99999999'))
      try {
        const { enableLimits, directory } = await findCgroupPlace(cgroup.directory)
        const limits = await enableLimits()
        expect([limits.has('processes'), directory]).toEqual([true, cgroup.directory])
        expect(readdirSync(directory).filter((name) => name.startsWith('run-'))).toEqual([])
      } finally {
        await cgroup.remove()
      }
    },
  )
})

describe('The cgroup of a run', () => {
  let own: CgroupPlace
  beforeEach(() => {
    own = { directory: root, enableLimits: async () => new Set(), inUse: new Set() }
  })
  const place = () => own
  const runs = () => readdirSync(root).filter((name) => name.startsWith('run-'))

  it('has its limits before anything is in it', async () => {
    const { directory } = await RunCgroup.create(place(), 'r1', { processes: 64, memory: 2 ** 20 })
    expect(runs()).toHaveLength(1)
    expect(readFileSync(join(directory, 'pids.max'), 'utf8')).toBe('64')
    expect(readFileSync(join(directory, 'memory.max'), 'utf8')).toBe('1048576')
  })

  it('has no limits for what goes on after the run', async () => {
    const cgroup = await RunCgroup.create(place(), 'r1', { processes: 64, memory: 2 ** 20 })
    writeFileSync(join(cgroup.directory, 'memory.swap.max'), '0')
    expect(await cgroup.end()).toEqual([])
    for (const file of ['pids.max', 'memory.max', 'memory.swap.max'])
      expect(readFileSync(join(cgroup.directory, file), 'utf8')).toBe('max')
  })

  it.each([
    ['pids.events', 'max 3\nmax.imposed 0\n', ['processes'], ['64', 'max']],
    ['memory.events', 'low 0\nmax 7\noom 1\noom_kill 1\n', ['memory'], ['max', '1048576']],
    ['memory.events', 'low 0\nmax 7\noom 0\noom_kill 0\n', [], ['max', 'max']],
  ])('keeps the limit that the run has met, by %s: %j', async (file, events, kept, values) => {
    const cgroup = await RunCgroup.create(place(), 'r1', { processes: 64, memory: 2 ** 20 })
    writeFileSync(join(cgroup.directory, file), events)
    expect(await cgroup.end()).toEqual(kept)
    const now = ['pids.max', 'memory.max'].map((name) => readFileSync(join(cgroup.directory, name), 'utf8'))
    expect(now).toEqual(values)
  })

  it('is removed with the end of the run; where something is left in it, with the end of a later run', async () => {
    const left = await RunCgroup.create(place(), 'r1', { processes: 64 })
    await left.end()
    expect(runs()).toHaveLength(1)
    rmSync(join(left.directory, 'pids.max'))
    const next = await RunCgroup.create(place(), 'r2', {})
    await next.end()
    expect(runs()).toEqual([])
  })

  it('stays when another run ends before its first process is in it, and so do those of another agent', async () => {
    await RunCgroup.create(place(), 'r1', {})
    const ofAnother = `run-r0.${process.ppid}`
    mkdirSync(join(root, ofAnother))
    await (await RunCgroup.create(place(), 'r2', {})).end()
    expect(runs().toSorted()).toEqual([ofAnother, `run-r1.${process.pid}`])
  })

  it('is not there when its limits cannot be written', async () => {
    await expect(RunCgroup.create({ ...place(), directory: join(root, 'gone') }, 'r1', {})).rejects.toThrow(
      /ENOENT/,
    )
  })

  it('of an agent that was killed is found by the run, and that of a living one is not', async () => {
    for (const name of ['run-r1.99999999', `run-r1.${process.ppid}`, 'run-r10.99999999'])
      mkdirSync(join(root, name))
    expect(await cgroupsLeftOf(place(), 'r1')).toEqual([join(root, 'run-r1.99999999')])
  })

  it('of two runs of one ID is not shared: the second is refused', async () => {
    await RunCgroup.create(place(), 'r1', { processes: 1 })
    await expect(RunCgroup.create(place(), 'r1', { processes: 2 })).rejects.toThrow(/EEXIST/)
  })
})
