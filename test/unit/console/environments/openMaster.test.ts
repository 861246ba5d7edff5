import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MasterOpener } from '../../../../src/console/environments/openMaster.ts'
import { declared } from '../../../support/declared.ts'
import { until } from '../../../support/until.ts'

let folder: string
let warnings: string[]
let opener: MasterOpener
const historyFolder = () => join(folder, 'runs')
const idFolder = () => join(folder, 'masters')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-master-'))
  warnings = []
  opener = new MasterOpener({
    historyFolder: historyFolder(),
    idFolder: idFolder(),
    identityFolder: join(folder, 'identities'),
    connectionOf: async ({ environment }) => ({ ...environment, endpoint: 'http://127.0.0.1:1' }),
    keyOfEditor: async () => undefined,
    retention: () => ({ maxRuns: 10, maxBytes: 1e9, maxAgeMs: 60_000 }),
    onWarning: () => {},
    onHistoryWarning: ({ message }) => warnings.push(message),
  })
})
afterEach(async () => {
  vi.useRealTimers()
  await opener.close()
  await rm(folder, { recursive: true, force: true })
})

describe('An environment whose history', () => {
  it('has a run that cannot be deleted is opened, as is the history; that is a warning, and tried again later', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    await undeletableRun()
    expect(await (await opener.history()).list()).toEqual([])
    await open()
    await until(() => warnings.length > 0, 'the warning')
    expect(warnings).toEqual([
      expect.stringMatching(/^Cannot delete the run in .*run-00001 \(ELOOP.*delete the folder/),
    ])
    vi.advanceTimersByTime(3600_000)
    await opener.history()
    await until(() => warnings.length > 1, 'the second warning')
    await rm(join(historyFolder(), 'run-00001', 'owner'))
    vi.advanceTimersByTime(3600_000)
    const history = await opener.history()
    await until(
      async () => (await history.prune(nothingTooOld, 0)).failed.length === 0,
      'the end of the trouble',
    )
    expect(warnings).toHaveLength(2)
  })

  it('cannot be used is opened as soon as that is fixed', async () => {
    await writeFile(historyFolder(), 'in the way')
    await expect(opener.history()).rejects.toThrow('EEXIST')
    await expect(open()).rejects.toThrow('EEXIST')
    await rm(historyFolder())
    expect(await (await opener.history()).list()).toEqual([])
    await open()
  })
})

describe('An environment for whose master there is no id', () => {
  it('is opened as soon as that is fixed', async () => {
    await mkdir(idFolder())
    await writeFile(join(idFolder(), 'id'), 'damaged')
    await expect(open()).rejects.toThrow(/must contain 8 hex digits/)
    await rm(join(idFolder(), 'id'))
    await open()
  })
})

const nothingTooOld = { maxRuns: 10, maxBytes: 1e9, maxAgeMs: 1e15 }

async function open(): Promise<void> {
  const { master, queues } = await opener.open(declared('staging'), () => false)
  await master.close()
  queues.close()
}

/** Too old, and in such a state that not even root can take it in hand. */
async function undeletableRun(): Promise<void> {
  const run = join(historyFolder(), 'run-00001')
  await mkdir(run, { recursive: true })
  await symlink('owner', join(run, 'owner'))
  await utimes(run, 1000, 1000)
}
