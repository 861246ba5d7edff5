import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { readPolicyFile } from '../../../../agent/src/policy/policyFile.ts'
import { LivePolicy, lookAtPolicy } from '../../../../agent/src/settings/livePolicy.ts'

let stateDir: string
let policyFile: string
let lines: string[]
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'policy-'))
  policyFile = join(stateDir, 'policy.yaml')
  lines = []
})
afterEach(() => rmSync(stateDir, { recursive: true, force: true }))

const log = createLog('info', (line) => lines.push(line), Date.now)
const write = (text: string) => writeFileSync(policyFile, text, { mode: 0o600 })
const open = (change: { policyFile?: string | undefined; requirePolicy?: boolean } = {}) => {
  const configuration = { policyFile, requirePolicy: false, stateDir, ...change }
  return { configuration, live: new LivePolicy(() => configuration, log) }
}

/** The kinds of state after each of these changes of the file, with one look after each. */
async function states(live: LivePolicy, ...changes: readonly (() => void)[]): Promise<string[]> {
  const kinds: string[] = []
  for (const change of changes) {
    change()
    await live.look()
    kinds.push(live.current.kind)
  }
  return kinds
}

describe('the policy of a running agent', () => {
  it('allows nothing before it was looked at', () => {
    expect(open().live.current.kind).toBe('closed')
  })

  it('follows its file at each look: written, broken, corrected, moved away, back again', async () => {
    const { live } = open()
    const away = `${policyFile}.bak`
    expect(
      await states(
        live,
        () => write('rules: []'),
        () => write('rules: ['),
        () => write('rules: [{ name: all }]'),
        () => renameSync(policyFile, away),
        () => renameSync(away, policyFile),
        () => write('rulez: []'),
        () => rmSync(policyFile),
      ),
    ).toEqual(['policy', 'closed', 'policy', 'closed', 'policy', 'closed', 'closed'])
  })

  it('is in force when it appears where there was none', async () => {
    // The default path cannot be written in a test; a later configuration names the file.
    const { configuration, live } = open({ policyFile: 'none' })
    await live.look()
    expect(live.current).toEqual({ kind: 'open', why: 'by-choice' })
    configuration.policyFile = policyFile
    await live.look()
    expect(live.current).toMatchObject({ kind: 'closed', reason: expect.stringContaining('does not exist') })
    write('rules: []')
    expect(await live.look()).toBe(true)
    expect(live.current.kind).toBe('policy')
  })

  it('stays closed without its file after a restart, and without being named, until the configuration says none', async () => {
    const first = open()
    write('rules: []')
    await first.live.look()
    rmSync(policyFile)
    const { configuration, live } = open({ policyFile: '/nonexistent/policy.yaml' })
    configuration.policyFile = undefined
    expect(await lookAtPolicy(configuration)).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('was in force on this server before'),
    })
    expect(await lookAtPolicy(configuration)).not.toHaveProperty('isAwaited')
    configuration.policyFile = 'none'
    await live.look()
    expect(live.current).toEqual({ kind: 'open', why: 'by-choice' })
    configuration.policyFile = undefined
    await live.look()
    expect(live.current.kind).toBe('closed')
  })

  it('is closed without a file where one is required', async () => {
    const { configuration } = open({ policyFile: undefined, requirePolicy: true })
    expect(await lookAtPolicy(configuration)).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('general.require_policy'),
      isAwaited: true,
    })
  })

  it('is open on a server that never had one, as with the original, and says so', async () => {
    const { configuration, live } = open({ policyFile: undefined })
    await live.look()
    expect(live.current).toEqual({ kind: 'open', why: 'never-set' })
    expect(lines.join()).toContain('everyone who may send to the command queue can execute anything')
    expect(await lookAtPolicy(configuration)).toEqual(live.current)
  })

  it('is closed when others may change its file, or when it is a directory', async () => {
    const { live } = open()
    write('rules: []')
    chmodSync(policyFile, 0o666)
    await live.look()
    expect(live.current).toMatchObject({ kind: 'closed', reason: expect.stringContaining('chmod go-w') })
    expect((await lookAtPolicy({ policyFile: stateDir, requirePolicy: false, stateDir })).kind).toBe('closed')
  })

  it('is closed when others may put another file in its place', async () => {
    write('rules: [{}]')
    expect((await lookAtPolicy({ policyFile, requirePolicy: false, stateDir })).kind).toBe('policy')
    chmodSync(dirname(policyFile), 0o777)
    expect(await lookAtPolicy({ policyFile, requirePolicy: false, stateDir })).toMatchObject({
      kind: 'closed',
      reason: expect.stringContaining('put another in its place'),
    })
    rmSync(policyFile)
    expect((await lookAtPolicy({ policyFile, requirePolicy: false, stateDir })).kind).toBe('closed')
    expect(await readPolicyFile(policyFile)).toEqual({ kind: 'absent' })
  })

  it('is told once for each change', async () => {
    const { live } = open()
    write('rules: []')
    expect(await live.look()).toBe(true)
    expect(await live.look()).toBe(false)
    write('rules: [ ]')
    expect(await live.look()).toBe(true)
    expect(lines).toHaveLength(2)
  })

  it('is in force, and stays so for this process, when the state directory takes no mark', async () => {
    const { configuration, live } = open()
    configuration.stateDir = join(stateDir, 'absent')
    write('rules: []')
    await live.look()
    expect(live.current.kind).toBe('policy')
    expect(lines.join()).toContain('Cannot note that a policy is in force')
    configuration.policyFile = undefined
    await live.look()
    expect(live.current.kind).toBe('closed')
  })
})
