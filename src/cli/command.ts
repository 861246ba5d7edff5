import { appendFileSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'
import { exitCodeOf } from '../master/exitCode.ts'
import { History } from '../master/history.ts'
import { foldHosts } from '../master/hostFolding.ts'
import { Master } from '../master/master.ts'
import { claimMasterId } from '../master/masterId.ts'
import type { Run } from '../master/run.ts'
import type { RunRequest } from '../master/runRequest.ts'
import { filterFromLists } from '../protocol/filter/lists.ts'
import { parseFilter } from '../protocol/filter/parse.ts'
import { printFilter } from '../protocol/filter/print.ts'
import { FilterSyntaxError } from '../protocol/filter/syntaxError.ts'
import type { Environment } from '../queues/environment.ts'
import { createQueues } from '../queues/queues.ts'
import { type Arguments, UsageError } from './arguments.ts'
import { report, reportJson } from './report.ts'

/** The most runs that pipelines keep: enough to look at yesterday's. */
const retention = { maxRuns: 200, maxBytes: 512 * 1024 * 1024, maxAgeMs: 30 * 24 * 3600_000 }

/**
 * Sends what `args` ask for to `environment`, prints the replies, and returns the exit code.
 * @throws UsageError, FilterSyntaxError, NobodyMatches, QueueError: nothing was sent then
 */
export async function command(args: Arguments, environment: Environment): Promise<number> {
  const filter = filterOf(args)
  const request = requestOf(args, filter)
  const state = stateDirectory()
  const masterId = await claimMasterId(join(state, 'masters'))
  const history = await History.open(join(state, 'history'))
  const { name, region, endpoint, profile, credentials } = environment
  const queues = createQueues({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
  })
  const issuer = { name: userInfo().username, host: hostname() }
  const master = new Master({
    ...{ environment, queues, issuer, masterId: masterId.id, history },
    ...(args.sharedReplies ? { replyQueue: 'shared' as const } : {}),
    onTrouble: (trouble) => {
      if (trouble.kind === 'queue' && trouble.error !== undefined)
        console.error(`ec2-cmaster: ${trouble.error.message}`)
      if (trouble.kind === 'run') console.error(`ec2-cmaster: ${trouble.error.message}`)
      if (trouble.kind === 'forged') {
        console.error(
          `ec2-cmaster: left out a reply in the name of ${trouble.agentId} that ${trouble.senderId} sent`,
        )
      }
    },
  })
  try {
    await master.refresh()
    if (args.mode === 'count') return count(master, filter)
    await confirm(environment, args, master, filter)
    const run = await master.start(request)
    const stopWatching = watch(run, args)
    await run.over
    stopWatching()
    const exitCode = exitCodeOf(run.state, args.strict ? 'strict' : 'last-non-zero')
    await run.withdrawn()
    await print(run, exitCode, args, queues.requests)
    return exitCode
  } finally {
    await master.close()
    queues.close()
    await history
      .prune(retention, Date.now())
      .catch((error) => console.error(`ec2-cmaster: ${name}: ${error.message}`))
    await masterId.release()
  }
}

function filterOf(args: Arguments): string {
  if (args.everyone) return '*'
  if (args.filter !== undefined) {
    try {
      return printFilter(parseFilter(args.filter))
    } catch (error) {
      if (error instanceof FilterSyntaxError) {
        throw new UsageError(
          `the filter is not right: ${error.message}\n${error.pointer(args.filter)}\nNothing was sent.`,
        )
      }
      throw error
    }
  }
  return printFilter(filterFromLists({ with: args.with, without: args.without }))
}

function requestOf(args: Arguments, filter: string): RunRequest {
  const { user, directory, timeoutMs, rollout } = args
  const execution = {
    ...(user === undefined ? {} : { user }),
    ...(directory === undefined ? {} : { directory }),
  }
  return {
    filter,
    action: actionOf(args, execution),
    timeoutMs,
    ...(rollout === undefined ? {} : { rollout }),
  }
}

function actionOf(args: Arguments, execution: { user?: string; directory?: string }): RunRequest['action'] {
  const { mode, command = '', parameters } = args
  if (mode === 'cli') return { kind: 'shell', command, ...execution }
  if (mode !== 'script') return { kind: mode === 'facts' ? 'facts' : 'ping' }
  const path = command.startsWith('file:///') ? fileURLToPath(command) : command.slice('file://'.length)
  try {
    const content = readFileSync(path).toString('base64')
    return { kind: 'script', name: basename(path), content, args: [...parameters], ...execution }
  } catch (cause) {
    throw new UsageError(`the script cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function count(master: Master, filter: string): number {
  const agents = master.inventory.matching(parseFilter(filter))
  console.log(`${agents.length} ${agents.length === 1 ? 'agent matches' : 'agents match'} ${filter}`)
  if (agents.length > 0) console.log(foldHosts(agents.map(({ hostname }) => hostname)))
  return agents.length > 0 ? 0 : 3
}

/** A protected environment is only commanded when its name is said twice. */
async function confirm(
  environment: Environment,
  args: Arguments,
  master: Master,
  filter: string,
): Promise<void> {
  if (!environment.protected || args.confirm === environment.name) return
  const { name } = environment
  if (args.confirm !== undefined)
    throw new UsageError(`--confirm ${args.confirm}: this environment is ${name}. Nothing was sent.`)
  if (!process.stdin.isTTY)
    throw new UsageError(`${name} is protected: say --confirm ${name} as well. Nothing was sent.`)
  const agents = master.inventory.matching(parseFilter(filter)).length
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(
    `${name} is protected. ${agents} agents match ${filter}. Type its name to go on: `,
  )
  terminal.close()
  if (answer.trim() !== name) throw new UsageError('that is not its name. Nothing was sent.')
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
    run.cancel().catch((error) => console.error(`ec2-cmaster: ${error.message}`))
  }
  process.on('SIGINT', interrupt)
  return () => {
    process.off('SIGINT', interrupt)
    stopShowing()
    if (live) process.stderr.write('\r\u001b[K')
  }
}

async function print(
  run: Run,
  exitCode: number,
  args: Arguments,
  requests: Parameters<typeof reportJson>[2],
): Promise<void> {
  const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
  const text = args.json
    ? await reportJson(run, exitCode, requests)
    : await report(run, { quiet: args.quiet, colours })
  console.log(text)
  if (args.logFile === undefined) return
  const plain = args.json ? text : await report(run, { quiet: args.quiet, colours: false })
  appendFileSync(args.logFile, `${plain}\n`)
}

/** Where this person's runs and reply queue are remembered; a throw-away place where there is no home to write to. */
function stateDirectory(): string {
  const directory = join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'ec2-collective')
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return directory
  } catch {
    return mkdtempSync(join(tmpdir(), 'ec2-collective-'))
  }
}
