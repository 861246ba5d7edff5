import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { aborted, orAborted } from '../async/aborted.ts'
import { foldHosts } from '../hosts/hostFolding.ts'
import type { Run } from '../master/engine/run.ts'
import type { Reach } from '../master/fleet/reach.ts'
import type { Master } from '../master/library.ts'
import { everyone } from '../protocol/filter/writtenFilter.ts'
import type { Environment } from '../queues/environment.ts'
import type { RequestCounts } from '../queues/requestCounts.ts'
import { exitCodeOf } from '../report/exitCode.ts'
import { exportJson } from '../report/runExport.ts'
import { unexpectedSentence } from '../report/unexpectedSentence.ts'
import type { RunRequest } from '../run/runRequest.ts'
import { printable } from '../terminal/printable.ts'
import { localize } from '../text/localizable.ts'
import { inEnglish } from '../text/translate.ts'
import type { Arguments } from './arguments.ts'
import { type Interrupt, type Interrupts, listenToInterrupts } from './interrupts.ts'
import { personAtTerminal } from './person.ts'
import { openPipelineMaster } from './pipelineMaster.ts'
import { report } from './report.ts'
import { requestOf } from './request.ts'
import { type ResumeParts, resumeRun } from './resume.ts'
import { type SettleParts, settleTargets } from './targets.ts'

/**
 * Sends the command of `args` to `environment`, prints the replies, and returns the exit code. A signal that ends this
 * program also stops the command on the servers.
 * @throws UsageError, FilterSyntaxError, NobodyMatches: nothing was sent; QueueError
 */
export async function command(args: Arguments, environment: Environment): Promise<number> {
  const progress: Progress = { command: 'not-sent' }
  const interrupts = listenToInterrupts(() =>
    tell(
      progress.command === 'not-sent'
        ? nothingSent
        : 'Ended without waiting for the agents. The command may still run on the servers.',
    ),
  )
  const { signal } = interrupts
  signal.addEventListener('abort', () => {
    if (progress.command === 'sent') tell(`${nameOf(signal)}: ${asking}`)
  })
  try {
    return await send(args, environment, interrupts, progress)
  } finally {
    interrupts.stop()
  }
}

interface Progress {
  command: 'not-sent' | 'being-sent' | 'sent'
}

/** Of a run that is resumed: its record says what it sends. */
const nothing: RunRequest = { filter: everyone, action: { kind: 'ping' }, timeoutMs: 60_000 }

const nothingSent = 'Nothing was sent.'
const asking = 'Asking the agents to stop. A second signal ends ec2-cmaster without waiting for them.'

async function send(
  args: Arguments,
  environment: Environment,
  interrupts: Interrupts,
  progress: Progress,
): Promise<number> {
  const { signal } = interrupts
  const request = args.resume === undefined ? requestOf(args) : nothing
  let isOver = false
  const { master, history, requests, close } = await openPipelineMaster(args, environment, tell)
  try {
    const look = async () => {
      const looked = showLooking(args)
      return (await orAborted(master.refresh().finally(looked), signal)) !== aborted
    }
    const person = personAtTerminal(interrupts)
    if (args.mode === 'count' && args.resume === undefined) {
      return (await look()) ? count(master.reach(request), request.filter.text) : notSent(signal)
    }
    const parts = { master, history, request, args, person, look, signal }
    const run = await (args.resume === undefined ? sendTo(parts, progress) : resumeWith(parts, progress))
    if (run === undefined) return notSent(signal)
    const stopShowing = showProgress(run, args)
    await run.ended
    stopShowing()
    // From here on the command no longer runs on the servers.
    interrupts.stop()
    isOver = true
    const exitCode = exitCodeOf(run.state, args.strict ? 'strict' : 'last-non-zero')
    await run.withdrawn()
    // The report says it, too, where there is one.
    const unexpected = unexpectedSentence(run.state)
    if (unexpected !== undefined && (args.quiet || args.json)) tell(localize(unexpected, inEnglish))
    await print(run, exitCode, args, requests())
    return exitCode
  } finally {
    // After a signal the next one ends the program at once; without one, or when the run is over, the first one only keeps
    // the reply queue from being deleted.
    const isFirst = isOver || !signal.aborted
    if (isFirst) interrupts.stop()
    const closing = isFirst ? listenToInterrupts(() => tell('Ended without closing.')) : interrupts
    await close(isFirst ? closing.signal : undefined).finally(() => closing.stop())
  }
}

/** @returns undefined when it was interrupted before anything was sent */
async function sendTo(
  parts: SettleParts & { readonly master: Master },
  progress: Progress,
): Promise<Run | undefined> {
  const { master, request, signal } = parts
  if (!(await settleTargets(parts))) return undefined
  progress.command = 'being-sent'
  const started = await master.start(request, signal)
  progress.command = started.kind === 'not-sent' ? 'not-sent' : 'sent'
  if (started.kind === 'not-sent') return undefined
  if (started.kind === 'interrupted')
    tell(`${nameOf(signal)} while the command was being sent: agents may have it. ${asking}`)
  if (started.kind === 'cancelled') tell(`${nameOf(signal)}: ${asking}`)
  return started.run
}

/** @returns undefined when it was interrupted before the run was resumed, or its rollout continued */
async function resumeWith(parts: ResumeParts, progress: Progress): Promise<Run | undefined> {
  const run = await resumeRun(parts)
  if (run === undefined) return undefined
  progress.command = 'sent'
  const cancel = () => void run.cancel().catch((error: Error) => tell(error.message))
  parts.signal.addEventListener('abort', cancel, { once: true })
  return run
}

/** The exit code when a signal arrived before anything was sent. */
function notSent(signal: AbortSignal): number {
  tell(`${nameOf(signal)}: ${nothingSent}`)
  return (signal.reason as Interrupt).exitCode
}

function nameOf({ reason }: AbortSignal): string {
  return (reason as Interrupt).name
}

function tell(sentence: string): void {
  // On a terminal the current line shows the progress.
  console.error(`${process.stderr.isTTY ? eraseLine : ''}ec2-cmaster: ${printable(sentence)}`)
}

function count({ agents }: Reach, filter: string): number {
  console.log(`${agents.length} ${agents.length === 1 ? 'agent matches' : 'agents match'} ${filter}`)
  if (agents.length > 0) console.log(foldHosts(agents.map(({ hostname }) => hostname)))
  return agents.length > 0 ? 0 : 3
}

const eraseLine = '\r\u001b[K'

/** Says on a terminal what takes longer than a second: the first look at a fleet. Returns a function that ends it. */
function showLooking(args: Arguments): () => void {
  if (!process.stderr.isTTY || args.quiet || args.json) return () => {}
  let isShown = false
  const timer = setTimeout(() => {
    isShown = true
    process.stderr.write('Looking for agents… (Ctrl-C: nothing is sent)')
  }, 1_000)
  return () => {
    clearTimeout(timer)
    if (isShown) process.stderr.write(eraseLine)
  }
}

/** Shows progress on a terminal. Returns a function that ends it. */
function showProgress(run: Run, args: Arguments): () => void {
  if (!process.stderr.isTTY || args.quiet || args.json) return () => {}
  const stop = run.onChange(() => {
    const { counts, replies, unsettled } = run.state
    process.stderr.write(
      `${eraseLine}${replies.size - unsettled} of ${replies.size} replied, ${counts.running} running`,
    )
  })
  return () => {
    stop()
    process.stderr.write(eraseLine)
  }
}

async function print(run: Run, exitCode: number, args: Arguments, requests: RequestCounts): Promise<void> {
  const pieces = (colours: boolean) =>
    args.json ? exportJson(run, { exitCode, requests }) : report(run, { quiet: args.quiet, colours })
  const isTerminal = process.stdout.isTTY === true
  for await (const piece of pieces(isTerminal && process.env.NO_COLOR === undefined)) {
    // The reader has closed the pipe.
    if (!process.stdout.writable) break
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain').catch(() => {})
  }
  if (args.logFile === undefined) return
  for await (const piece of pieces(false)) appendFileSync(args.logFile, piece)
}
