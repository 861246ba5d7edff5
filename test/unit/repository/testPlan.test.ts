import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type TestRun, testPlan } from '../../../scripts/testPlan.mjs'
import config from '../../../vitest.config.mts'

/** Folder of the test files of each project of vitest. */
const folders = new Map(
  (config.test?.projects ?? []).flatMap((project) => {
    if (typeof project !== 'object' || !('test' in project) || project.test === undefined) return []
    const { name, include = [] } = project.test
    return include.map((pattern): [string, string] => [
      String(name),
      pattern.replace(/\*\*\/\*\.test\.ts$/, ''),
    ])
  }),
)

describe('npm test and npm run test:nightly', () => {
  it('together run every test file there is, each in one project', async () => {
    const files = await testFiles()
    for (const file of files) {
      const projects = [...folders].filter(([, folder]) => file.startsWith(folder))
      expect(
        projects.map(([name]) => name),
        file,
      ).toHaveLength(1)
    }
    const runs = [...testPlan.daily, ...testPlan.nightly]
    expect(files.filter((file) => !runs.some((run) => isRunBy(run, file)))).toEqual([])
  })

  it('run a file once a day', async () => {
    for (const file of await testFiles()) {
      const runs = testPlan.daily.filter((run) => isRunBy(run, file))
      expect(runs.length, file).toBeLessThanOrEqual(1)
    }
  })

  it('name files that are there', async () => {
    const files = await testFiles()
    const named = [...testPlan.daily, ...testPlan.nightly].flatMap(({ files = [], without = [] }) => [
      ...files,
      ...without,
    ])
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !files.some((file) => isIn(file, name)))).toEqual([])
  })
})

function isRunBy({ project, files, without = [] }: TestRun, file: string): boolean {
  const folder = folders.get(project)
  if (folder === undefined || !file.startsWith(folder)) return false
  return (files?.some((name) => isIn(file, name)) ?? true) && !without.some((name) => isIn(file, name))
}

function isIn(file: string, name: string): boolean {
  return name.endsWith('/') ? file.startsWith(name) : file === name
}

async function testFiles(): Promise<string[]> {
  const found = await readdir('test', { recursive: true })
  return found.filter((file) => file.endsWith('.test.ts')).map((file) => path.posix.join('test', file))
}
