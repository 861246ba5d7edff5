// @ts-check
// `npm test`: builds, then checks types and style, then runs the unit, integration and end-to-end tests. With `--nightly`:
// the tests that take longer than its 15 minutes allow. Goes on after failures, and ends with one line that counts them
// all: each type check and the linter as one, each test as one.
//
//   npm test -- --only unit,lint
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from './browser.mjs'
import { build } from './build.mjs'
import { ensureEditor } from './editor.mjs'
import { testPlan } from './testPlan.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const logs = path.join(root, '.cache/logs')

/** @typedef {{ passed: number, failed: number, skipped: number, details: string }} Outcome `details` of the failures */

/** @typedef {[name: string, run: () => Promise<Outcome>]} Step */

/** @type {Step[]} */
const dailySteps = [
  ['build', buildAll],
  ['types', () => check('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json'])],
  ['types of the page', () => check('types-page', 'tsc', ['--noEmit', '-p', 'webview/tsconfig.json'])],
  ['lint', () => check('lint', 'biome', ['check', '--error-on-warnings', '.'])],
  ...stepsOf(testPlan.daily),
]

/** @type {Step[]} */
const nightlySteps = [
  ['build', buildAll],
  ['package of the agent', () => runScript('package-agent', ['agent/packaging/package.mjs'])],
  ['advisories', checkAdvisories],
  ...stepsOf(testPlan.nightly),
  ['soak', () => runScript('soak', ['scripts/soak.mjs', '--runs', '200', '--seed', '1,2,3'])],
]

async function main() {
  const [first, ...rest] = process.argv.slice(2)
  const steps = first === '--nightly' ? nightlySteps : dailySteps
  const only = chosen(steps, first === '--nightly' ? rest : process.argv.slice(2))
  const total = { passed: 0, failed: 0, skipped: 0 }
  mkdirSync(logs, { recursive: true })
  for (const [name, run] of steps) {
    if (only && !only.some((word) => wordsOf(name).includes(word))) continue
    const startedAt = performance.now()
    const outcome = await run()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${name.padEnd(20)}${describe(outcome).padEnd(36)}${seconds.padStart(6)} s`)
    if (outcome.details !== '') console.log(`\n${outcome.details}\n`)
    total.passed += outcome.passed
    total.failed += outcome.failed
    total.skipped += outcome.skipped
  }
  console.log(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
  )
  process.exitCode = total.failed > 0 ? 1 : 0
}

/** @param {readonly import('./testPlan.mjs').TestRun[]} runs @returns {Step[]} */
function stepsOf(runs) {
  return runs.map((run) => [run.name, () => (run.project === 'e2e' ? runEndToEnd(run) : runTests(run))])
}

/** @param {string} name of a step */
function wordsOf(name) {
  return name.split(/\W+/)
}

/** @param {Step[]} steps @param {string[]} words of the command line @returns {string[] | undefined} undefined for all steps */
function chosen(steps, words) {
  if (words.length === 0) return undefined
  const known = [...new Set(steps.flatMap(([name]) => wordsOf(name)[0]))]
  const only = words[0] === '--only' ? words.slice(1).flatMap((word) => word.split(',')) : []
  if (only.length > 0 && only.every((word) => known.includes(word))) return only
  console.error(
    `Usage: npm test [-- [--nightly] --only STEP[,STEP…]], where a step is one of ${known.join(', ')}`,
  )
  process.exit(2)
}

/** @param {Outcome} outcome */
function describe({ passed, failed, skipped }) {
  const parts = [
    passed > 0 ? `${passed} passed` : '',
    failed > 0 ? `${failed} FAILED` : '',
    skipped > 0 ? `${skipped} skipped` : '',
  ]
  return parts.filter((part) => part !== '').join(', ') || 'done'
}

/** What everything after it stands on; counted only when it fails. @returns {Promise<Outcome>} */
async function buildAll() {
  return build().then(
    () => ({ passed: 0, failed: 0, skipped: 0, details: '' }),
    (error) => failure(error.message),
  )
}

/** @param {string} log @param {string} tool @param {string[]} args @returns {Promise<Outcome>} */
async function check(log, tool, args) {
  const file = path.join(logs, `${log}.log`)
  const isGood = await run(path.join(root, 'node_modules/.bin', tool), args, file)
  return isGood
    ? { passed: 1, failed: 0, skipped: 0, details: '' }
    : failure(readFileSync(file, 'utf8').trimEnd())
}

/** Counts as one. @param {string} log @param {string[]} args of Node @returns {Promise<Outcome>} */
async function runScript(log, args) {
  const file = path.join(logs, `${log}.log`)
  const isGood = await run(process.execPath, args, file)
  return isGood
    ? { passed: 1, failed: 0, skipped: 0, details: '' }
    : failure(readFileSync(file, 'utf8').trimEnd().split('\n').slice(-40).join('\n'))
}

/** Skipped, and not passed, when the registry has no advisories. @returns {Promise<Outcome>} */
async function checkAdvisories() {
  const file = path.join(logs, 'advisories.log')
  const code = await exitCodeOf(process.execPath, ['scripts/advisories.mjs'], file)
  const details = readFileSync(file, 'utf8').trimEnd()
  if (code === 0) return { passed: 1, failed: 0, skipped: 0, details: '' }
  return code === 2 ? { passed: 0, failed: 0, skipped: 1, details } : failure(details)
}

/** @param {import('./testPlan.mjs').TestRun} tests @returns {Promise<Outcome>} */
async function runEndToEnd(tests) {
  try {
    // Here and not only in the tests' own set-up, so that somebody who waits for a download knows it.
    await ensureEditor({ tell: console.log })
    await ensureBrowser({ tell: console.log })
  } catch (error) {
    return failure(/** @type {Error} */ (error).message)
  }
  return runTests(tests)
}

/** @param {import('./testPlan.mjs').TestRun} tests @returns {Promise<Outcome>} */
async function runTests({ name, project, files = [], without = [], variables = {} }) {
  const log = path.join(logs, `${wordsOf(name).join('-')}.log`)
  const json = path.join(logs, `${wordsOf(name).join('-')}.json`)
  rmSync(json, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${json}`]
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs')
  const omitted = without.flatMap((file) => ['--exclude', file.endsWith('/') ? `${file}**` : file])
  const args = [vitest, 'run', '--project', project, ...reporters, ...omitted, ...files]
  const isGood = await run(process.execPath, args, log, variables)
  const counts = count(json)
  if (isGood && counts.passed > 0) return { ...counts, details: '' }
  // What failed without being a test: a file that does not load, a hook, an error outside of tests, or no test at all.
  return { ...counts, failed: Math.max(counts.failed, 1), details: failuresIn(readFileSync(log, 'utf8')) }
}

/** @param {string} json vitest's report, in the form of Jest's */
function count(json) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  /** @type {{ status: string, assertionResults: { status: string }[] }[]} */
  let files
  try {
    files = JSON.parse(readFileSync(json, 'utf8')).testResults
  } catch {
    return counts // vitest did not get as far as a report
  }
  for (const { status, assertionResults } of files) {
    const having = (/** @type {string} */ wanted) =>
      assertionResults.filter((test) => test.status === wanted).length
    counts.passed += having('passed')
    counts.failed += having('failed')
    counts.skipped += assertionResults.length - having('passed') - having('failed')
    if (status === 'failed' && having('failed') === 0) counts.failed += 1
  }
  return counts
}

/** @param {string} log of vitest's default reporter @returns {string} the part that explains, or the end of it */
function failuresIn(log) {
  const lines = log.trimEnd().split('\n')
  const first = lines.findIndex((line) => /⎯.*(Failed (Suites|Tests)|Unhandled Error)/.test(line))
  return (first >= 0 ? lines.slice(first) : lines.slice(-40)).join('\n')
}

/** @param {string} details @returns {Outcome} */
function failure(details) {
  return { passed: 0, failed: 1, skipped: 0, details }
}

/** @param {Parameters<typeof exitCodeOf>} program @returns {Promise<boolean>} whether it exited with 0 */
async function run(...program) {
  return (await exitCodeOf(...program)) === 0
}

/**
 * @param {string} command @param {string[]} args @param {string} log file
 * @param {Record<string, string>} [variables] of its environment
 * @returns {Promise<number | null>} null when a signal ended it
 */
async function exitCodeOf(command, args, log, variables = {}) {
  const output = openSync(log, 'w')
  const colour = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...colour, ...variables },
      stdio: ['ignore', output, output],
    })
    child.on('error', reject)
    child.on('close', (code) => resolve(code))
  })
}

await main()
