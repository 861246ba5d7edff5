import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Footprint } from './footprint.ts'
import { endChildren } from './orphans.ts'
import { buildSoakPrograms } from './programs.ts'
import { leastOf } from './proof.ts'
import { type SoakReport, soak } from './soak.ts'

/** `npm run soak`: see docs/reliability.md. */
const usage = `Usage: npm run soak -- [--runs N] [--seed N[,N…]] [--agents N] [--masters N] [--keep]

Kills and restarts agents and masters over an SQS with faults while they run commands, then checks every promise.
  --runs N      commands to give (200)
  --seed N,…    seeds, one soak each (a random one)
  --agents N    agent processes (30)
  --masters N   master processes (3)
  --keep        keep directory and logs of a soak that passed
`

const weather = {
  killAgentMs: 2_000,
  killMasterMs: 10_000,
  outageMs: 60_000,
  firstOutageMs: 60_000,
  otherOutagesMs: [2_000, 10_000],
} as const

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
      agents: { type: 'string', default: '30' },
      masters: { type: 'string', default: '3' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const root = process.cwd()
  const programs = await buildSoakPrograms(root, path.join(root, '.cache/soak'))
  let failed = 0
  const runs = Number(values.runs)
  for (const seed of values.seed.split(',').map(Number)) {
    const directory = await mkdtemp(path.join(tmpdir(), 'soak-'))
    const isOver = endOnSignal(directory)
    const report = await soak({
      ...{ seed, directory, programs, runs, weather, least: leastOf(runs) },
      ...{ agents: Number(values.agents), masters: Number(values.masters) },
      tell: (line) => console.log(line),
    })
    isOver()
    console.log(describe(report))
    const hasFailed = report.violations.length > 0
    if (hasFailed) failed += 1
    if (hasFailed || values.keep) console.log(`  see         ${directory}`)
    else await rm(directory, { recursive: true, force: true })
  }
  return failed > 0 ? 1 : 0
}

/** Ending a soak before its end stops all its processes. The function that it returns undoes this. */
function endOnSignal(directory: string): () => void {
  const end = () => void endChildren(directory).finally(() => process.exit(1))
  process.on('SIGINT', end).on('SIGTERM', end)
  return () => process.off('SIGINT', end).off('SIGTERM', end)
}

function describe(report: SoakReport): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  const size = ({ residentBytes, openFiles }: Footprint) => `${mega(residentBytes)}, ${openFiles} files`
  const verdict = report.violations.length === 0 ? 'PASSED' : `FAILED: ${report.violations.length} violations`
  return [
    `seed ${report.seed}: ${verdict} in ${report.seconds} s`,
    `  commands    ${list(report.commandsByKind)}; ${report.notBegun} never began`,
    `  runs        ${report.runs}, with ${report.executions} executions and ${report.replies} replies: ${list(report.verdicts)}`,
    `  output      ${mega(report.outputBytes)}; ${report.incompleteOutputs} incomplete, ${report.lateReplies} replies late, ${report.expiredReplies} expired unread in the shared queue`,
    `  killed      ${report.kills.agents} agents, ${report.kills.masters} masters; ${report.outages} outages`,
    `  faults      ${list(report.struck)} in ${report.requests} requests`,
    `  troubles    ${list(report.troubles)}`,
    `  at most     agent ${size(report.peaks.agent)}; master ${size(report.peaks.master)}`,
    ...report.survivors.map(
      ({ name, peak, memory }) =>
        `  never killed ${name}: ${size(peak)}${memory ? `; in its second quarter ${mega(memory.early)}, in its last ${mega(memory.late)}` : ''}`,
    ),
    ...report.violations.slice(0, 40).map((violation) => `  VIOLATION   ${violation}`),
  ].join('\n')
}
