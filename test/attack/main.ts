import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Attack, canPlay, partsOfTestName, root } from './attack.ts'
import { attacks } from './attacks.ts'
import { isNamed, runTests, type TestResult } from './vitestRun.ts'
import { copySources } from './weakenedSources.ts'

/** Runs every attack, and once more without each of its defences; prints a table, and exits with 1 if one got through. */
async function main([option, names = '']: string[]): Promise<void> {
  const only = option === '--only' ? names.split(',') : undefined
  const chosen = attacks.filter(({ name }) => only?.includes(name) !== false)
  if (chosen.length === 0 || (option !== undefined && only === undefined)) {
    console.error(`Usage: npm run attack [-- --only NAME,NAME], where a name is one of:\n${attackNames()}`)
    process.exitCode = 2
    return
  }
  await mkdir(path.join(root, '.cache'), { recursive: true })
  const results = await runAll(chosen)
  const copy = await copySources('table')
  let isAllWell = true
  console.log('| attack | promise | held | without a defence |\n| --- | --- | --- | --- |')
  for (const { name, attack, promise, tests, defences } of chosen) {
    const held = verdictOf(tests, results)
    const without: string[] = []
    for (const defence of defences) {
      if (!canPlay(defence)) {
        without.push(`${defence.what}: not played, as only root can`)
        continue
      }
      const failures = await copy.failuresWithout(defence).catch((error: Error) => [error.message])
      const isBroken = defence.failure.test(failures.join('\n'))
      without.push(`${defence.what}: ${isBroken ? 'not held' : `STILL HELD (${failures[0] ?? 'passed'})`}`)
      if (!isBroken) isAllWell = false
    }
    if (!held.startsWith('held')) isAllWell = false
    console.log(`| ${name}: ${attack} | ${promise} | ${held} | ${without.join('<br>')} |`)
  }
  await copy.remove()
  if (!isAllWell) process.exitCode = 1
}

function attackNames(): string {
  return attacks.map(({ name }) => `  ${name}`).join('\n')
}

async function runAll(chosen: readonly Attack[]): Promise<TestResult[]> {
  const names = [...new Set(chosen.flatMap(({ tests }) => tests))]
  const results: TestResult[] = []
  for (const project of new Set(names.map((name) => partsOfTestName(name).project))) {
    const own = names.filter((name) => partsOfTestName(name).project === project)
    results.push(...(await runTests(root, own)).results)
  }
  return results
}

function verdictOf(tests: readonly string[], results: readonly TestResult[]): string {
  const of = tests.map((test) => results.filter((result) => isNamed(result, test)))
  const failed = of.flat().filter(({ status }) => status === 'failed')
  if (failed.length > 0) return `NOT HELD: ${failed.map(({ title }) => title).join('; ')}`
  const missing = tests.filter((_, index) => of[index]?.length === 0)
  return missing.length > 0 ? `not run here: ${missing.join('; ')}` : 'held'
}

await main(process.argv.slice(2))
