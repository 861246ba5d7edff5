import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createQueues } from '../../src/queues/queues.ts'
import { countVerdicts, describeRow } from '../sqsProbe/printing.ts'
import { runProbe } from '../sqsProbe/probe.ts'
import { rows } from '../sqsProbe/rows.ts'
import { needs } from './needs.ts'
import { countTests, skippedIn } from './outcome.ts'

const usage = `Usage: npm run test:engine -- --endpoint URL [--name NAME] [FILE…]

Runs the integration tests of queues, master, command line, agent and faults against an SQS-compatible server on this
machine that has no queues. All queues that it then has are deleted, before each test file and at the end.
A test that needs what the server does not do, as npm run probe:sqs sees it, is skipped by name.
`
const suites = ['queues', 'master', 'cli', 'agent', 'faults'].map((name) => `test/integration/${name}/`)

process.exitCode = await main().catch((error: Error) => {
  console.error(`test:engine: ${error.message}`)
  return 2
})

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      name: { type: 'string', default: 'engine' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { endpoint, name, help } = values
  if (help || endpoint === undefined) {
    process.stdout.write(usage)
    return help ? 0 : 2
  }
  // Its queues are deleted, so it must be nobody else's.
  if (!/^https?:\/\/(localhost|127\.[\d.]+|\[::1\])(:\d+)?\/?$/.test(endpoint))
    throw new Error(`${endpoint} is not on this machine. Start the engine here: all its queues are deleted.`)
  const connection = {
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const queues = createQueues(connection)
  const there = await queues.listQueues('')
  if (there.length > 0)
    throw new Error(
      `${endpoint} has ${there.length} queues (${there.slice(0, 3).join(', ')}…). Start it empty: all its queues are deleted.`,
    )

  console.log(`Probing ${endpoint}, about two minutes…`)
  const probed = await runProbe({ connection, rows, signal: new AbortController().signal })
  const directory = path.resolve('.cache/engine')
  await mkdir(directory, { recursive: true })
  const seen = path.join(directory, `${name.replace(/[^\w.-]/g, '-')}.json`)
  const recorded = { format: 1, of: name, at: new Date().toISOString(), rows: probed.rows }
  await writeFile(seen, JSON.stringify(recorded, undefined, 2))
  console.log(`${countVerdicts(probed.rows)}; the whole of it: ${path.relative('.', seen)}`)

  const report = path.join(directory, 'tests.json')
  const files = positionals.length > 0 ? positionals : suites
  const vitest = path.resolve('node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const tests = spawn(process.execPath, [vitest, 'run', '--project', 'integration', ...reporters, ...files], {
    stdio: 'inherit',
    env: { ...process.env, SQS_ENDPOINT: endpoint, SQS_SEEN: seen },
  })
  const [code] = (await once(tests, 'exit')) as [number | null]
  for (const queue of await queues.listQueues('')) await queues.deleteQueue(queue)
  queues.close()

  const outcome = JSON.parse(await readFile(report, 'utf8'))
  const lacking = probed.rows.filter(
    ({ verdict, name: row }) => verdict === 'differs' && needs.some((need) => need.row === row),
  )
  const skipped = skippedIn(outcome)
  if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.join('\n')}\n\nas ${name} differs in:\n`)
  if (skipped.length > 0) for (const row of lacking) console.log(describeRow(row))
  console.log(`\n${name}: ${countTests(outcome)}`)
  return code ?? 1
}
