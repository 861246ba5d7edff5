import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { saveExport } from '../../../../src/console/results/saveExport.ts'
import type { ReportedRun } from '../../../../src/report/reportedRun.ts'
import { readRunJson, readRunNdjson } from '../../../support/runJson.ts'
import { withSimulatedRun } from '../../../support/simulatedRun.ts'
import { answers } from '../../../support/vscodeStandIn.mjs'

let folder: string
let file: string
const token = { isCancellationRequested: false }

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'save-export-'))
  file = path.join(folder, 'run.json')
  token.isCancellationRequested = false
  answers['window.showSaveDialog'] = Promise.resolve(vscode.Uri.file(file))
  Object.assign(vscode.window, { withProgress: (_: unknown, task: Task) => task(undefined, token) })
})
afterEach(async () => {
  delete answers['window.showSaveDialog']
  await rm(folder, { recursive: true, force: true })
})

type Task = (progress: undefined, token: { isCancellationRequested: boolean }) => Promise<void>

describe('an export of the results page', () => {
  it('as JSON and as NDJSON is the JSON of a run, and nothing but the file is left', () =>
    withSimulatedRun(['web1', 'web2'], {}, async (simulated) => {
      simulated.finish('web1', 0, [{ stream: 1, text: 'fine \u001b[1mhere\u001b[0m\n' }])
      simulated.finish('web2', 2, [{ stream: 2, text: Uint8Array.of(0xff) }])
      await saveExport(simulated.run, 'json')
      const saved = readRunJson(await readFile(file, 'utf8'))
      expect(saved.agents).toMatchObject([
        { hostname: 'web1', state: 'succeeded', stdout: 'fine \u001b[1mhere\u001b[0m\n' },
        { hostname: 'web2', state: 'failed', stderr: { base64: '/w==' } },
      ])
      await saveExport(simulated.run, 'ndjson')
      expect(readRunNdjson(await readFile(file, 'utf8'))).toEqual(saved)
      expect(await readdir(folder)).toEqual(['run.json'])
    }))

  it('that is cancelled leaves no part of a run, and an earlier file as it was', () =>
    withSimulatedRun(['web1'], {}, async ({ run }) => {
      await writeFile(file, 'earlier')
      token.isCancellationRequested = true
      await expect(saveExport(run, 'json')).rejects.toThrow()
      expect(await readdir(folder)).toEqual(['run.json'])
      expect(await readFile(file, 'utf8')).toBe('earlier')
    }))

  it('that cannot read an output leaves no file', () =>
    withSimulatedRun(['web1'], {}, async ({ run }) => {
      const damaged: ReportedRun = {
        state: run.state,
        output: async () => {
          throw new Error('output.log has been truncated.')
        },
      }
      await expect(saveExport(damaged, 'json')).rejects.toThrow(/truncated/)
      expect(await readdir(folder)).toEqual([])
    }))
})
