// All measures in one run, so that both sides of each ratio are taken within the same minutes on the same machine.
//   npm run bench [-- --only start,idle,memory,requests,runs,silence,sweep,watched,bounds,drain,bulk,peers]
//                 [--agents 1,10,50] [--simulated 100,1000,10000]
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runPart } from './partProcess.ts'
import { median } from './rounds.ts'
import type { RunFigures } from './runLatency.ts'
import { warmOf } from './runRows.ts'
import { printTable, type Row } from './table.ts'

/** What one part and all of them may take, milliseconds. */
const [partLimitMs, wholeLimitMs] = [5 * 60_000, 15 * 60_000]

const [root = '.', ...argv] = process.argv.slice(2)
const { values } = parseArgs({
  args: argv,
  options: {
    only: {
      type: 'string',
      default: 'start,idle,memory,requests,runs,silence,sweep,watched,bounds,drain,bulk,peers',
    },
    agents: { type: 'string', default: '1,10,50' },
    simulated: { type: 'string', default: '100,1000,10000' },
    /** Sizes of the bundles, in words. */
    bundles: { type: 'string', default: '' },
    /** The agent with Node in it, or why there is none. */
    executable: { type: 'string', default: '' },
    withoutExecutable: { type: 'string', default: '' },
  },
})
const only = values.only.split(',')
const [agents, simulated] = [values.agents, values.simulated].map((text) => text.split(',').filter(Boolean))
const sized = (kind: string, sizes: readonly string[] = []) => sizes.map((size) => [kind, size])

/** By what `--only` names, in their order. */
const kinds: Readonly<Record<string, readonly (readonly string[])[]>> = {
  start: [['start']],
  idle: [['idle']],
  memory: [['memory', values.executable, '60']],
  requests: [['requests', '10']],
  runs: [...sized('processes', agents), ...sized('simulated', simulated)],
  silence: [['silence']],
  sweep: sized('sweep', simulated),
  watched: [['watched']],
  bounds: [['bounds']],
  drain: [['drain']],
  bulk: [
    ['bulk', '20', '1'],
    ['bulk', '5', '50'],
  ],
  peers: [['peers', '50']],
}

const rows: Row[] = []
const figures: Record<string, unknown> = {}
const startedAt = performance.now()
if (only.includes('start')) rows.push({ what: 'bundles', ours: values.bundles, beside: '' })
for (const [kind, parts] of Object.entries(kinds)) {
  if (only.includes(kind)) for (const part of parts) await take(part)
}

const folder = join(root, '.cache/bench')
await mkdir(folder, { recursive: true })
await writeFile(
  join(folder, 'last.json'),
  JSON.stringify({ node: process.version, cpus: cpus().length, figures, rows }, undefined, 2),
)
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
const head = `Node ${process.version}, ${cpus().length} cores, ${minutes} minutes`
console.log(`\n${head}\n\n${printTable(rows)}\n\nAll figures: .cache/bench/last.json`)

/** A failure is told, and is a row. */
async function take(part: readonly string[]): Promise<void> {
  const name = part.join(' ')
  const before = performance.now()
  const leftMs = startedAt + wholeLimitMs - before
  try {
    if (part[0] === 'memory' && values.executable === '') throw new Error(values.withoutExecutable)
    if (leftMs <= 0) throw new Error(`not measured: the others took ${wholeLimitMs / 60_000} minutes`)
    const args = part[0] === 'peers' ? [...part, String(oursOverFifty())] : part
    const taken = await runPart(root, args, Math.min(partLimitMs, leftMs))
    figures[name] = taken.figures
    rows.push(...taken.rows)
    console.error(`${name}: ${((performance.now() - before) / 1000).toFixed(0)} s`)
    console.error(printTable(taken.rows))
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`)
    rows.push({ what: name, ours: 'failed', beside: (error as Error).message })
    process.exitCode = 1
  }
}

/** A run of ours over 50 process agents, milliseconds, to stand beside other tools; NaN when it was not measured. */
function oursOverFifty(): number {
  const run = figures['processes 50'] as RunFigures | undefined
  return run === undefined ? Number.NaN : median(warmOf(run.ours))
}
