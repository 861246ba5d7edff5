import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { foldHosts } from '../hosts/hostFolding.ts'
import type { Run } from '../master/engine/run.ts'
import type { Reach } from '../master/fleet/reach.ts'
import { type History, openMaster } from '../master/library.ts'
import { describeWarning, type MasterWarning } from '../master/masterWarning.ts'
import type { Environment } from '../queues/environment.ts'
import type { RequestCounts } from '../queues/requestCounts.ts'
import { exitCodeOf } from '../report/exitCode.ts'
import type { Arguments } from './arguments.ts'
import { confirm } from './confirm.ts'
import { printable } from './printable.ts'
import { report, reportJson } from './report.ts'
import { requestOf } from './request.ts'

/** The most runs that pipelines keep: enough to look at yesterday's. */
const retention = { maxRuns: 200, maxBytes: 512 * 1024 * 1024, maxAgeMs: 30 * 24 * 3600_000 }

/**
 * Sends what `args` ask for to `environment`, prints the replies, and returns the exit code.
 * @throws UsageError, FilterSyntaxError, NobodyMatches: nothing was sent then; QueueError
 */
export async function command(args: Arguments, environment: Environment): Promise<number> {
  const request = requestOf(args)
  const signingKey = args.signingKey ?? process.env.EC2_COLLECTIVE_SIGNING_KEY
  const state = stateDirectory()
  const { master, history, requests, close } = await openMaster({
    ...{ environment, folder: state.path, onWarning: warn },
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(args.sharedReplies ? { replyQueue: 'shared' as const } : {}),
  })
  try {
    await master.refresh()
    const reach = master.reach(request)
    if (args.mode === 'count') return count(reach, request.filter.text)
    // Nobody to confirm it for: the master says so.
    if (reach.agents.length > 0) await confirm(environment, args, request, reach)
    const run = await master.start(request)
    const stopWatching = watch(run, args)
    await run.ended
    stopWatching()
    const exitCode = exitCodeOf(run.state, args.strict ? 'strict' : 'last-non-zero')
    await run.withdrawn()
    await print(run, exitCode, args, requests())
    return exitCode
  } finally {
    await close({ forgetReplyQueue: state.isThrowAway })
    await prune(history)
    if (state.isThrowAway) rmSync(state.path, { recursive: true, force: true })
  }
}

/** What cannot be deleted today is in nobody's way. */
async function prune(history: History): Promise<void> {
  try {
    const { failed } = await history.prune(retention, Date.now())
    for (const { message } of failed) tell(message)
  } catch (error) {
    tell((error as Error).message)
  }
}

function tell(sentence: string): void {
  console.error(`ec2-cmaster: ${printable(sentence)}`)
}

/** Problems that do not stop the run. */
function warn(warning: MasterWarning): void {
  const sentence = describeWarning(warning)
  if (sentence !== undefined) tell(sentence)
}

function count({ agents }: Reach, filter: string): number {
  console.log(`${agents.length} ${agents.length === 1 ? 'agent matches' : 'agents match'} ${filter}`)
  if (agents.length > 0) console.log(foldHosts(agents.map(({ hostname }) => hostname)))
  return agents.length > 0 ? 0 : 3
}

/** Progress on a terminal; the first Ctrl-C asks the agents to stop, the second one leaves. */
function watch(run: Run, args: Arguments): () => void {
  const live = process.stderr.isTTY && !args.quiet && !args.json
  const show = () => {
    const { counts, replies, unsettled } = run.state
    process.stderr.write(
      `\r\u001b[K${replies.size - unsettled} of ${replies.size} answered, ${counts.running} running`,
    )
  }
  const stopShowing = live ? run.onChange(show) : () => {}
  let interrupted = false
  const interrupt = () => {
    if (interrupted) process.exit(130)
    interrupted = true
    console.error('\nAsking the agents to stop. Ctrl-C again leaves them to it.')
    run.cancel().catch((error) => tell(error.message))
  }
  process.on('SIGINT', interrupt)
  return () => {
    process.off('SIGINT', interrupt)
    stopShowing()
    if (live) process.stderr.write('\r\u001b[K')
  }
}

async function print(run: Run, exitCode: number, args: Arguments, requests: RequestCounts): Promise<void> {
  const pieces = (colours: boolean) =>
    args.json ? reportJson(run, exitCode, requests) : report(run, { quiet: args.quiet, colours })
  const isTerminal = process.stdout.isTTY === true
  for await (const piece of pieces(isTerminal && process.env.NO_COLOR === undefined)) {
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
  }
  if (args.logFile === undefined) return
  for await (const piece of pieces(false)) appendFileSync(args.logFile, piece)
}

/** Where this person's runs and reply queue are remembered; a throw-away place where there is no home to write to. */
function stateDirectory(): { path: string; isThrowAway: boolean } {
  const path = join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'ec2-collective')
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return { path, isThrowAway: false }
  } catch {
    return { path: mkdtempSync(join(tmpdir(), 'ec2-collective-')), isThrowAway: true }
  }
}
