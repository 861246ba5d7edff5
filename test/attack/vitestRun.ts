import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { partsOfTestName, patternOf } from './attack.ts'

/** A test that ran: `title` without the groups that it is in. */
export interface TestResult {
  readonly file: string
  readonly title: string
  readonly status: 'passed' | 'failed'
  readonly failures: readonly string[]
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/**
 * Runs tests by their names, all of one project, in a folder that has the sources and `node_modules`.
 *
 * @returns those that ran, and what was printed
 */
export async function runTests(
  folder: string,
  names: readonly string[],
): Promise<{ results: TestResult[]; output: string }> {
  const tests = names.map(partsOfTestName)
  const project = tests[0]?.project ?? ''
  const files = [...new Set(tests.map(({ file }) => file))]
  const pattern = tests.map(({ sentence }) => patternOf(sentence)).join('|')
  const json = path.join(folder, '.cache', `report-${project}.json`)
  await rm(json, { force: true })
  const vitest = path.join(folder, 'node_modules/vitest/vitest.mjs')
  const report = ['--reporter=json', `--outputFile=${json}`]
  const args = [vitest, 'run', '--project', project, ...files, '-t', pattern, ...report]
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
  const { testResults } = await readFile(json, 'utf8').then(
    (text) => JSON.parse(text) as Report,
    (): Report => ({ testResults: [] }),
  )
  const results = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ title, status, failureMessages }): TestResult[] =>
      status === 'passed' || status === 'failed'
        ? [{ file: path.relative(folder, name), title, status, failures: failureMessages }]
        : [],
    ),
  )
  return { results, output }
}

/** Whether a result is that of a test with this name. */
export function isNamed({ file, title }: TestResult, name: string): boolean {
  const parts = partsOfTestName(name)
  return file === parts.file && new RegExp(`^${patternOf(parts.sentence)}`).test(title)
}
