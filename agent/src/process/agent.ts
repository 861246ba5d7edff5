import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isThrowAwayReplyQueue } from '../../../src/protocol/names.ts'
import { createQueues } from '../../../src/queues/queues.ts'
import { type FactsHead, FactsPublisher } from '../announcing/factsPublisher.ts'
import { OpenFiles } from '../execution/openFiles.ts'
import { describeEnforcement, type Limits, RunLimits } from '../execution/runLimits.ts'
import { ownUser as currentUser } from '../execution/users.ts'
import { expectsMetadata } from '../facts/instanceMetadata.ts'
import { createFactReader } from '../facts/sources.ts'
import { identify } from '../identity/agentIdentity.ts'
import { Dispatcher } from '../intake/dispatcher.ts'
import { HeldCommands } from '../intake/heldCommands.ts'
import type { IntakeContext } from '../intake/intake.ts'
import { listen } from '../intake/listen.ts'
import { AuditLog } from '../log/auditLog.ts'
import { type Log, reasonOf } from '../log/log.ts'
import { LogFile } from '../log/logFile.ts'
import { Answers } from '../replies/answers.ts'
import { createFailureLog, Outbox } from '../replies/outbox.ts'
import { Runs } from '../runs/runs.ts'
import type { LiveSettings } from '../settings/settings.ts'
import { version } from '../settings/version.ts'
import { exposedCollector, IdleCollection } from './idleCollection.ts'
import { ownProgramExists } from './ownProgram.ts'
import { PlannedRestart } from './plannedRestart.ts'
import { describePosture } from './posture.ts'
import { createSqsTime } from './sqsTime.ts'
import { startWatchdog } from './watchdog.ts'

/** How long the agent may take to send its last messages when it ends, milliseconds. */
const farewellMs = 5_000

export interface AgentOptions {
  readonly settings: Pick<LiveSettings, 'current' | 'look'>
  readonly log: Log
  readonly signals: {
    /** End now: what runs is stopped and answered. */
    readonly end: AbortSignal
    /** End for a restart as soon as nothing runs. */
    readonly restart: AbortSignal
  }
  /** Given a function that reads what may have changed beneath the agent: log files, facts. */
  readonly onReady: (reload: () => void) => void
}

/**
 * The agent from its start to its end. The state directory must be this process's alone.
 * @returns why it ends: `restart` when a new one is to take its place
 * @throws Error for what a person must fix, in words
 */
export async function runAgent({
  settings,
  log,
  signals,
  onReady,
}: AgentOptions): Promise<'stop' | 'restart'> {
  const now = Date.now
  const configuration = () => settings.current.configuration
  const startedAt = now()
  const { queues: names, environment } = configuration()
  const onEc2 = await expectsMetadata(configuration().facts)
  const from = await identify(configuration(), onEc2, log)
  const ownUser = currentUser()
  const { region, endpoint, profile, account } = names
  const isOwn = (queue: string) => {
    const { commands, replies, facts } = configuration().queues
    return [commands, replies, facts].includes(queue)
  }
  const queues = createQueues({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(account === undefined ? {} : { account }),
    // Thousands of agents learn of a new master at the same moment: none of them asks SQS about its reply queue.
    siblingOf: (queue) => (isOwn(queue) ? undefined : names.replies),
  })
  const sending = new AbortController()
  const outbox = new Outbox(queues, {
    ...{ signal: sending.signal, log, isOwn },
    isThrowAway: (queue) => isThrowAwayReplyQueue(configuration().environment, queue),
  })
  const answers = new Answers(outbox, from, log, now)
  const { auditLog: auditPath } = configuration()
  const auditFile = auditPath === undefined ? undefined : new LogFile(auditPath, 0o600)
  // An agent must not end because its audit log cannot be written; the log says so as an error.
  if (auditFile?.problem !== undefined) log.error(`Commands are not audited, because ${auditFile.problem}`)
  const auditLog = new AuditLog({
    agentId: from.agentId,
    file: auditFile,
    copy: configuration().auditJournal ? writeToJournal : undefined,
    log,
    now,
  })
  const audit = auditLog.note
  const clock = createSqsTime(queues)
  const limits = new RunLimits({
    cgroup: configuration().limitsCgroup,
    onKept: (runId) =>
      log.warn(`What run ${runId} left behind keeps its limits: the run met them, or left many processes.`),
  })
  await sayLimits(configuration().limits, limits, log)
  // Only now: an agent that is not alone in its cgroup could not move out of it, and runs would have none.
  const watchdog = await startWatchdog(process.env, log)
  const openFiles = new OpenFiles()
  await openFiles.fit(configuration().maxParallel)
  const collection = new IdleCollection({ isIdle: () => runs.isIdle, collect: exposedCollector() })
  const onRest = () => collection.schedule()
  const runContext = { from, ownUser, configuration, limits, audit, log, now, onRest }
  const runs = await Runs.open(runContext, clock, auditLog, outbox, answers)
  const held = await HeldCommands.open(join(configuration().stateDir, 'held'), log)
  const restart = new PlannedRestart({
    runs,
    limitMs: () => configuration().restartLimitMs,
    log,
    onChange: (state) => {
      void refresh(false)
      if (state === 'postponed') void dispatcher.release()
    },
  })
  const posture = () =>
    describePosture(
      settings.current,
      ownUser.name,
      limits.enforcement,
      auditFile?.problem,
      restart.state !== 'none',
    )
  const reader = createFactReader(configuration, { ...from, onEc2, posture })
  const head = (): FactsHead => {
    const { intervalMs } = configuration().facts
    const running = [...runs.running, ...held.runIds]
    return { ...from, environment, version, startedAt, sentAt: now(), intervalMs, running }
  }
  const factsPublisher = new FactsPublisher({
    reader,
    outbox,
    log,
    random: Math.random,
    head,
    conditions: () => {
      const { policy } = settings.current
      const problems = [restart.problem, runs.problem, policy.kind === 'closed' ? policy.reason : undefined]
      return problems.filter((problem) => problem !== undefined)
    },
    settings: () => ({ ...configuration().facts, queue: configuration().queues.facts }),
  })
  const context = (): Omit<IntakeContext, 'knowsOrder'> => {
    return {
      agentId: from.agentId,
      environment,
      configuredReplyQueue: configuration().queues.replies,
      facts: reader.latest.facts,
      now: clock.sqs(),
      startedAt: clock.startedAt(),
      remembersSince: runs.rememberedSince,
      knows: (runId) => runs.knows(runId),
      policy: settings.current.policy,
      policyNow: () => settings.look().then(() => settings.current.policy),
      ownUser: ownUser.name,
      ownerOf: (runId) => runs.ownerOf(runId),
    }
  }
  const dispatcher = new Dispatcher({
    context,
    look: () => settings.look(),
    runs,
    held,
    holds: () => restart.holdsCommands,
    answers,
    factsPublisher,
    audit,
    auditing: () => ({ content: configuration().auditContent, isRequired: configuration().auditRequired }),
    log,
  })

  log.info(
    `ec2-cagent ${version} is ${from.agentId} (${from.hostname}) in environment ${environment}, process ${process.pid}.`,
  )
  if (process.pid === 1)
    log.warn(
      'The agent is process 1 and does not reap what commands leave behind. Start it by an init: docker run --init.',
    )
  const refresh = async (fresh: boolean) => {
    await factsPublisher.refresh(fresh).catch((error) => log.error(`Cannot read facts: ${reasonOf(error)}`))
  }
  auditLog.started({ version, ...posture() })
  runs.recover()
  await refresh(false)
  await dispatcher.release()
  onReady(() => {
    const problem = auditLog.reopen()
    if (problem !== undefined) log.error(`Auditing continues in the file that was open, because ${problem}`)
    void openFiles.fit(configuration().maxParallel)
    void refresh(true)
  })
  collection.schedule()
  const running = new AbortController()
  const stop = () => running.abort()
  signals.end.addEventListener('abort', stop)
  if (signals.end.aborted) stop()
  void restart.run(signals.restart, running.signal).then(stop)
  await Promise.all([
    factsPublisher.run(running.signal),
    listen(
      {
        queues,
        queue: names.commands,
        pollIntervalMs: () => configuration().pollIntervalMs,
        onMessage: (message) => dispatcher.handle(message),
        onWarning: createFailureLog(log, `Receiving from ${names.commands}`),
        random: Math.random,
      },
      running.signal,
    ),
  ])
  const isRestart = restart.state === 'ending' && !signals.end.aborted
  log.info(isRestart ? 'The agent ends for its restart.' : 'The agent stops.')
  await runs.stop()
  if (isRestart) await held.handOver(clock.sqs())
  else await dispatcher.refuseHeld()
  // Masters go on to expect an agent that is back in a moment.
  const isLeaving = !isRestart || !(await ownProgramExists())
  const farewell = Promise.all([isLeaving ? factsPublisher.leave() : undefined, runs.deliver()]).then(() =>
    outbox.idle(),
  )
  await Promise.race([farewell, sleep(farewellMs, undefined, { ref: false })])
  sending.abort(new Error('the agent has stopped'))
  await runs.close()
  queues.close()
  watchdog?.stop()
  return isRestart ? 'restart' : 'stop'
}

/** Before anything is started, as the agent may move into a cgroup of its own for it. */
async function sayLimits(most: Limits, limits: RunLimits, log: Log): Promise<void> {
  const place = await limits.place()
  if (place !== undefined) log.info(`Each run has a cgroup of its own below ${place}.`)
  if (most.processes === undefined && most.memory === undefined) return
  const enforcement = await limits.prepare()
  const sentence = describeEnforcement(most, enforcement)
  if (enforcement.problem === undefined) log.info(sentence)
  else log.warn(sentence)
}

/** Under systemd standard output is the journal, and the number its priority: notice. */
function writeToJournal(line: string): void {
  process.stdout.write(`<5>audit ${line}`)
}
