import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { History } from '../../../../src/master/store/history.ts'
import { sharedFolder } from '../../../../src/master/store/sharedFolder.ts'
import { moveIntoShared } from '../../../../src/master/store/sharedStorage.ts'

let programs: string
let writer: string
let folder: string
let own: string
let shared: string

beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'shared-writer-'))
  writer = join(programs, 'writer.mjs')
  await build({
    entryPoints: ['test/support/sharedHistoryWriter.ts'],
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
})
afterAll(() => rm(programs, { recursive: true, force: true }))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-storage-'))
  ;[own, shared] = [join(folder, 'own'), join(folder, 'shared')]
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const start = (runId: string) => ({
  runId,
  environment: 'testing',
  request: { filter: '*', action: { kind: 'ping' as const }, timeoutMs: 1_000 },
  issuer: { name: 'anna', host: 'atlas' },
  startedAt: 1,
})

async function keep(storage: string, ...runIds: string[]): Promise<void> {
  const history = await History.open(join(storage, 'runs'))
  for (const runId of runIds) await (await history.create(start(runId))).close()
}

const runsIn = async (storage: string) =>
  (await (await History.open(join(storage, 'runs'))).list()).map(({ runId }) => runId).toSorted()

const problemsIn = async (storage: string) =>
  (await (await History.open(join(storage, 'runs'))).verify()).problems

function write(own: string, prefix: string, count: number) {
  return promisify(execFile)(process.execPath, [writer, own, shared, prefix, String(count)])
}

describe('The folder that the windows of a workspace share', () => {
  const [web, infra] = ['file:///home/anna/web', 'file:///home/anna/infra']
  const untitled = { uri: 'untitled:/Workspaces/1/workspace.json', isSaved: false }
  const saved = { uri: 'file:///home/anna/all.code-workspace', isSaved: true }

  it('is the same for a folder and for the duplicate of its window, and another for another folder', () => {
    const opened = sharedFolder('/global', { file: undefined, folders: [web] })
    expect(opened).toMatch(/^\/global\/workspaces\/[0-9a-f]{32}$/)
    expect(sharedFolder('/global', { file: untitled, folders: [web] })).toBe(opened)
    expect(sharedFolder('/global', { file: undefined, folders: [infra] })).not.toBe(opened)
  })

  it('belongs to the file of a saved workspace, whatever folders it has', () => {
    const one = sharedFolder('/global', { file: saved, folders: [web] })
    expect(sharedFolder('/global', { file: saved, folders: [web, infra] })).toBe(one)
    expect(sharedFolder('/global', { file: undefined, folders: [web] })).not.toBe(one)
  })

  it('does not exist for a window without a workspace', () => {
    expect(sharedFolder('/global', { file: undefined, folders: [] })).toBeUndefined()
  })
})

describe('What earlier versions kept for one window', () => {
  it('is moved with all runs, the id of the master and what instances have proven; the chain vouches for the runs', async () => {
    await keep(own, 'run-00001', 'run-00002')
    for (const [name, file] of [
      ['masters', 'id'],
      ['identities', 'testing.json'],
    ] as const) {
      await mkdir(join(own, name), { recursive: true })
      await writeFile(join(own, name, file), 'deadbeef')
    }
    await moveIntoShared(own, shared)
    expect(await runsIn(shared)).toEqual(['run-00001', 'run-00002'])
    expect(await readFile(join(shared, 'masters/id'), 'utf8')).toBe('deadbeef')
    expect(await readFile(join(shared, 'identities/testing.json'), 'utf8')).toBe('deadbeef')
    expect(await problemsIn(shared)).toEqual([])
    await moveIntoShared(own, shared)
    expect(await runsIn(shared)).toEqual(['run-00001', 'run-00002'])
  })

  it('joins what another window has kept, and replaces nothing', async () => {
    await keep(shared, 'run-00001')
    await keep(own, 'run-00001', 'run-00002')
    await moveIntoShared(own, shared)
    expect(await runsIn(shared)).toEqual(['run-00001', 'run-00002'])
    expect(await runsIn(own)).toEqual(['run-00001'])
    expect([await problemsIn(shared), await problemsIn(own)]).toEqual([[], []])
  })

  it('stays while a living master has it, and is moved the next time', async () => {
    const record = await (await History.open(join(own, 'runs'))).create(start('run-00001'))
    await moveIntoShared(own, shared)
    expect(await runsIn(own)).toEqual(['run-00001'])
    await record.close()
    await moveIntoShared(own, shared)
    expect(await runsIn(shared)).toEqual(['run-00001'])
  })

  it('is told apart from a run that was changed after it was moved', async () => {
    await keep(own, 'run-00001')
    await moveIntoShared(own, shared)
    const events = join(shared, 'runs/run-00001/run.ndjson')
    await writeFile(events, (await readFile(events, 'utf8')).replace('anna', 'eve!'))
    expect((await problemsIn(shared)).join()).toContain('run-00001')
  })
})

describe('Two processes that share a history', () => {
  it('lose nothing of what each had and of what both write at once, and the chain vouches for all of it', {
    timeout: 60_000,
  }, async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    await keep(first, 'run-a0001', 'run-a0002')
    await keep(second, 'run-b0001')
    await Promise.all([write(first, 'run-first', 12), write(second, 'run-other', 12)])
    const names = (prefix: string) =>
      Array.from({ length: 12 }, (_, number) => `${prefix}-${String(number).padStart(4, '0')}`)
    expect(await runsIn(shared)).toEqual(
      ['run-a0001', 'run-a0002', 'run-b0001', ...names('run-first'), ...names('run-other')].toSorted(),
    )
    const history = await History.open(join(shared, 'runs'))
    for (const runId of names('run-other')) expect((await history.load(runId)).state.replies.size).toBe(1)
    expect(await problemsIn(shared)).toEqual([])
  })
})
