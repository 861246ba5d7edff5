import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { foldHosts } from '../hosts/hostFolding.ts'
import { History } from '../master/store/history.ts'
import { type AgentAudit, type AuditFile, readAudits } from '../report/agentAudit.ts'
import { chainFindings, compareRun, type Findings, foreignRuns } from '../report/auditComparison.ts'
import { printable } from '../terminal/printable.ts'
import { UsageError } from './arguments.ts'
import { readBounded } from './boundedFile.ts'
import { stateDirectoryPath } from './stateDirectory.ts'

/** What `ec2-cmaster audit --help` prints. */
export const auditUsage = `Usage: ec2-cmaster audit compare [--history FOLDER]... [FILE...]

Compares agents' audit logs with the history of runs, and checks the chains of both. Without FILE only the history
is checked.

  FILE               audit log of an agent, copied here: audit.log, audit.log.1, audit.log.2.gz. In any order; the
                     lines say whose they are
  --history FOLDER   history to compare with (repeatable); default: that of ec2-cmaster of this user. The editor has
                     another one: the folder "runs" of the extension in its globalStorage

Exit code: 0 if everything agrees; 1 if not; 2 if a file or folder cannot be read.`

/** Most bytes of one file, unpacked: a text may not be longer. */
const mostBytes = 512 * 1024 * 1024

/**
 * Prints how audit logs and histories differ.
 * @param argv what follows `audit`
 * @returns the exit code
 * @throws UsageError when they cannot be read
 */
export async function auditCommand(argv: readonly string[], write: (line: string) => void): Promise<number> {
  const { values, positionals } = parse(argv)
  const [verb, ...names] = positionals
  if (values.help) {
    write(auditUsage)
    return 0
  }
  if (verb !== 'compare')
    throw new UsageError('Write ec2-cmaster audit compare [--history FOLDER] [FILE...].')
  const folders = values.history ?? [join(stateDirectoryPath(), 'history')]
  const audits = readAudits(names.map(readAudit))
  const findings: Findings = { problems: [], notes: [] }
  const known = new Set<string>()
  let knowsSince = Number.NEGATIVE_INFINITY
  let vouched = 0
  const unheard = new Set<string>()
  for (const audit of audits) add(findings, chainFindings(audit))
  for (const folder of folders) {
    const history = await openHistory(folder)
    const report = await history.verify()
    vouched += report.vouched
    for (const runId of report.known) known.add(runId)
    knowsSince = Math.max(knowsSince, report.knowsSince)
    findings.problems.push(...report.problems.map((problem) => `${folder}: ${problem}`))
    findings.notes.push(...chainNotes(folder, report))
    if (audits.length > 0) await compareRuns(history, audits, findings, unheard)
  }
  for (const audit of audits) add(findings, foreignRuns(audit, known, knowsSince))
  if (unheard.size > 0)
    findings.notes.push(
      `No audit log was given of ${unheard.size} agents with results: ${foldHosts([...unheard])}.`,
    )
  for (const note of findings.notes) write(`Note: ${printable(note)}`)
  for (const problem of findings.problems) write(`DIFFERS ${printable(problem)}`)
  const lines = audits.reduce((sum, { chain }) => sum + chain.lines, 0)
  const { length } = findings.problems
  write(
    `Runs that are as the history recorded them: ${vouched}. Audit lines: ${lines}, of agents: ${audits.length}. ${
      length === 0 ? 'Everything agrees.' : `Differences: ${length}.`
    }`,
  )
  return length === 0 ? 0 : 1
}

async function compareRuns(
  history: History,
  audits: readonly AgentAudit[],
  findings: Findings,
  unheard: Set<string>,
): Promise<void> {
  const given = new Set(audits.map(({ agentId }) => agentId))
  for (const { runId } of await history.list()) {
    // Deleted meanwhile, or told by its digest.
    const recorded = await history.load(runId).catch(() => undefined)
    if (recorded === undefined) continue
    for (const audit of audits) add(findings, compareRun(recorded.state, audit))
    for (const { agentId, outcome } of recorded.state.replies.values())
      if (outcome !== undefined && !given.has(agentId)) unheard.add(agentId)
  }
}

function chainNotes(
  folder: string,
  { since, unchained, partly }: Awaited<ReturnType<History['verify']>>,
): string[] {
  return [
    ...unchainedNotes(folder, since, unchained),
    ...partly.map(
      (runId) =>
        `${folder}: only the first events of run ${runId} are vouched for: its master was killed or still has it, or the end of the chain is gone.`,
    ),
  ]
}

function unchainedNotes(folder: string, since: string | undefined, unchained: readonly string[]): string[] {
  const { length } = unchained
  if (since === undefined)
    return length === 0 ? [] : [`${folder}: not chained yet: nothing vouches for its ${length} runs.`]
  return length === 0
    ? []
    : [`${folder}: not chained before ${since}: nothing vouches for ${length} earlier runs.`]
}

function add(findings: Findings, { problems, notes }: Findings): void {
  findings.problems.push(...problems)
  findings.notes.push(...notes)
}

async function openHistory(folder: string): Promise<History> {
  // Opening makes the folder.
  if (!existsSync(folder))
    throw new UsageError(`There is no history in ${folder}. Name its folder by --history.`)
  return History.open(folder)
}

function readAudit(name: string): AuditFile {
  try {
    const bytes = readBounded(name, mostBytes)
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
    const text = isPacked ? gunzipSync(bytes, { maxOutputLength: mostBytes }) : bytes
    return { name, text: text.toString('utf8') }
  } catch (cause) {
    throw new UsageError(`Cannot read ${name}: ${(cause as Error).message}.`, { cause })
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { history: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause })
  }
}
