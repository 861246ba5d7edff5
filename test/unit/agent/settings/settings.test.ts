import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'
import { readConfiguration } from '../../../../agent/src/settings/configuration.ts'
import { LiveSettings } from '../../../../agent/src/settings/settings.ts'
import { gatherWarnings } from '../../../support/gatherWarnings.ts'
import { until } from '../../../support/until.ts'

let directory: string
let file: string
const log = createLog('error', () => {}, Date.now)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'settings-'))
  file = join(directory, 'ec2-cagent.json')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write(maxParallel: number): void {
  const general = { environment: 'testing', state_dir: directory, max_parallel: maxParallel }
  const aws = { region: 'eu-west-1', sqs_read_queue: 'testing_master', sqs_write_queue: 'testing_agent' }
  writeFileSync(file, JSON.stringify({ general, aws }), { mode: 0o600 })
}

describe('The settings of a running agent', () => {
  it('follow their file, also when whom they tell of that throws', async () => {
    write(1)
    const warnings = gatherWarnings()
    const stop = new AbortController()
    let told = 0
    const onReload = () => {
      told += 1
      throw new Error('a broken listener')
    }
    const settings = await LiveSettings.open(await readConfiguration(file), log, onReload)
    const watching = settings.watch(stop.signal, 5)
    for (const maxParallel of [22, 333]) {
      const isRead = () => settings.current.configuration.maxParallel === maxParallel
      await until(() => {
        // Again each time: the watch may begin to look only after the first.
        if (!isRead()) write(maxParallel)
        return isRead() && told > 0
      }, 'the change to be read')
    }
    await until(() => told >= 2, 'both changes to be told')
    stop.abort()
    await watching
    expect(await warnings.stop()).toContainEqual(expect.stringContaining('a broken listener'))
  })

  it('are those of the last reading, however many are asked for at a time', async () => {
    write(1)
    const settings = await LiveSettings.open(await readConfiguration(file), log)
    const readings = [2, 3, 4, 5].map((maxParallel) => {
      write(maxParallel)
      return settings.reload()
    })
    await Promise.all(readings)
    expect(settings.current.configuration.maxParallel).toBe(5)
  })

  it('stay as they are while the file is invalid, and follow it again when it is valid', async () => {
    write(1)
    const settings = await LiveSettings.open(await readConfiguration(file), log)
    writeFileSync(file, 'not right')
    await settings.reload()
    expect(settings.current.configuration.maxParallel).toBe(1)
    write(2)
    await settings.reload()
    expect(settings.current.configuration.maxParallel).toBe(2)
  })
})
