import { describe, expect, it } from 'vitest'
import { type LimitPair, OpenFiles, unitIn } from '../../../../agent/src/execution/openFiles.ts'

/** As the agent finds it: Node has raised its own soft limit. */
function system(o: { own?: LimitPair; parent?: LimitPair; pid?: number; systemd?: number }) {
  const set: number[] = []
  const { own = { soft: 20_000, hard: 20_000 }, pid = 77 } = o
  const files = new OpenFiles({
    parent: pid,
    limitsOf: async (of) => (of === 'self' ? own : o.parent),
    askSystemd: async () => o.systemd,
    setSoft: async (limit) => set.push(limit),
  })
  return { files, set }
}

describe('the soft limit of open files', () => {
  it.each<[string, Parameters<typeof system>[0], number[]]>([
    ['that its parent still has', { parent: { soft: 4096, hard: 20_000 } }, [4096]],
    ['that systemd gives its service', { pid: 1, systemd: 524_288, own: pair(524_288) }, [524_288]],
    ['usual where its parent has raised its own', { parent: pair(20_000) }, [1024]],
    [
      'usual where the hard limit is another than the parent’s',
      { parent: { soft: 256, hard: 999_999 } },
      [1024],
    ],
    ['usual where nobody knows', { pid: 1 }, [1024]],
    ['that is the hard limit where that is lower', { own: pair(300) }, [300]],
    ['that it has, where that was never raised', { own: { soft: 512, hard: 4096 } }, []],
  ])('is, for the agent and its commands, the one %s', async (_, found, expected) => {
    const { files, set } = system(found)
    await files.fit(10)
    expect(set).toEqual(expected)
  })

  it('is higher where commands that run at the same time need more, and is set when that changes', async () => {
    const { files, set } = system({})
    await files.fit(10)
    await files.fit(10)
    await files.fit(200)
    await files.fit(10)
    expect(set).toEqual([1024, 128 + 16 * 200, 1024])
  })

  it('stays where it cannot be set', async () => {
    const files = new OpenFiles({
      ...{ parent: 1, limitsOf: async () => pair(20_000), askSystemd: async () => undefined },
      setSoft: () => Promise.reject(new Error('/usr/bin/prlimit: no such file')),
    })
    await expect(files.fit(10)).resolves.toBeUndefined()
  })
})

describe('the service that a process is in', () => {
  it.each([
    ['0::/system.slice/ec2-cagent.service\n', 'ec2-cagent.service'],
    ['0::/system.slice/ec2-cagent.service/agent\n', 'ec2-cagent.service'],
    ['12:pids:/x\n1:name=systemd:/system.slice/ec2-cagent.service\n0::/\n', 'ec2-cagent.service'],
    ['0::/user.slice/user-0.slice/session-3.scope\n', undefined],
    ['0::/\n', undefined],
    ['', undefined],
  ])('is in %j: %s', (cgroup, unit) => {
    expect(unitIn(cgroup)).toBe(unit)
  })
})

function pair(limit: number): LimitPair {
  return { soft: limit, hard: limit }
}
