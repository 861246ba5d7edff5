import type { Outcome } from '../protocol/messages.ts'
import { isVerdict, type Verdict } from '../protocol/verdict.ts'
import { say } from '../text/localizable.ts'
import { stepsLeft } from './rollout.ts'
import { because, type Gathered, type HeardEvent, type Reason, type RunEvent } from './runEvent.ts'
import { isSettled, type ReplyState, type RunState } from './runState.ts'
import { isUnnamed, reportsExecution } from './unexpected.ts'

/**
 * Applies `event` to `state`. Nothing else changes a state.
 * @returns false for an event that changes nothing: not applicable in this state, or a repetition
 */
export function applyEvent(state: RunState, event: RunEvent): boolean {
  const changed = applyToRun(state, event)
  if (changed && 'at' in event && state.phase !== 'over' && state.unsettled === 0 && !state.awaitsUnseen) {
    state.phase = 'over'
    state.endedAt = event.at
  }
  return changed
}

function applyToRun(state: RunState, event: RunEvent): boolean {
  switch (event.kind) {
    case 'agentsExpected':
      for (const { agentId, hostname } of event.agents) addReply(state, agentId, hostname, true)
      for (const step of event.steps) state.steps.push([...step])
      return true
    case 'stepStarted':
      return startStep(state, event.at)
    case 'acknowledged':
    case 'outputReceived':
    case 'resultReceived':
    case 'refused':
      return applyHeard(state, event)
    case 'outputSettled':
      return change(state, event.agentId, (reply) => settleOutput(reply, event.output))
    case 'outputCut':
      return change(state, event.agentId, (reply) => {
        if (reply.cut !== undefined) return false
        reply.cut = event.by
        return true
      })
    case 'askedAgain':
      for (const agentId of event.agentIds) {
        const reply = state.replies.get(agentId)
        if (reply !== undefined) Object.assign(reply, { asked: (reply.asked ?? 0) + 1, askedAt: event.at })
      }
      return true
    case 'silenceAssumed':
      return change(state, event.agentId, (reply) => {
        if (isVerdict(reply.state)) return false
        reply.state = reply.unexpected ? 'unexpected' : event.verdict
        if (event.unread === true) reply.unread = true
        if (reply.output === 'partial') reply.output = 'incomplete'
        return true
      })
    case 'stillQueued':
      return change(state, event.agentId, (reply) => {
        if (reply.started !== 'queued' || isVerdict(reply.state)) return false
        reply.heardAt = event.at
        return true
      })
    case 'contested':
      return change(state, event.agentId, (reply) => {
        if (reply.conflicting === true) return false
        reply.conflicting = true
        return true
      })
    case 'cancelRefused':
      return change(state, event.agentId, (reply) => {
        if (isVerdict(reply.state)) return false
        reply.cancelRefused = event.reason
        reply.heardAt = event.at
        return true
      })
    case 'sendFailed':
      if (state.phase === 'over') return false
      setStopReason(state, event)
      state.awaitsUnseen = false
      for (const agentId of event.agentIds) notStarted(state, agentId)
      stopRollout(state, event)
      return true
    case 'cancelRequested':
      if (state.phase === 'over' || state.cancelRequestedAt !== undefined) return false
      state.cancelRequestedAt = event.at
      state.awaitsUnseen = false
      stopRollout(state, because(say('cancelled')))
      return true
    case 'paused':
    case 'resumed': {
      const [from, to] =
        event.kind === 'paused' ? (['running', 'paused'] as const) : (['paused', 'running'] as const)
      if (state.phase !== from) return false
      state.phase = to
      state.pauseReason = event.kind === 'paused' ? event.reason : undefined
      state.pauseSentence = event.kind === 'paused' ? event.sentence : undefined
      return true
    }
    case 'senderSeen':
      if (state.sender !== undefined) return false
      state.sender = event.senderId
      return true
    case 'left':
      return false
    case 'rolloutStopped':
      return stopRollout(state, event)
    case 'commandHidden': {
      const { kind, ...hidden } = event
      if (state.hidden.some(({ what }) => what === hidden.what)) return false
      state.hidden.push(hidden)
      return true
    }
    case 'unseenAwaited':
      if (!state.awaitsUnseen) return false
      state.awaitsUnseen = false
      return true
  }
}

function startStep(state: RunState, at: number): boolean {
  const [step] = stepsLeft(state)
  if (step === undefined) return false
  state.stepsStarted += 1
  for (const agentId of step) {
    const reply = state.replies.get(agentId)
    if (reply !== undefined) reply.sentAt = at
  }
  return true
}

function applyHeard(state: RunState, event: HeardEvent): boolean {
  const isOver = state.phase === 'over'
  const isAnswer = event.kind === 'resultReceived' || event.kind === 'refused'
  const isNamed = !isUnnamed(state, event.agentId)
  // An agent that cannot tell whom the command names refuses it, too: it executes nothing and was not meant.
  if (event.kind === 'refused' && !isNamed) return false
  const joins = !state.replies.has(event.agentId)
  if (joins) {
    addReply(state, event.agentId, event.hostname, false)
    // Once the run is over, it does not wait for an agent that joins; its answer still replaces this when it comes.
    if (isOver && !isAnswer) change(state, event.agentId, joinLate)
  }
  return change(state, event.agentId, (reply) => {
    const isGiven = isVerdict(reply.state) && !isAssumed(reply)
    const isLate = !isGiven && (isOver || isSilent(reply))
    const isExposed = !isNamed && !reply.unexpected && reportsExecution(event)
    if (isExposed) expose(reply)
    // A verdict that the agent itself gave is final: what follows is a repetition or late output.
    const gathered = gatheredBy(event)
    const ended = event.kind === 'resultReceived' ? event.output : undefined
    if (isGiven && gathered === undefined)
      return (ended !== undefined && settleOutput(reply, ended)) || isExposed
    if (isOver && event.kind === 'acknowledged') return joins || isExposed
    if (isLate) reply.late = true
    reply.hostname = event.hostname
    reply.heardAt = event.at
    delete reply.unread
    reply.identity = event.identity === 'proven' ? 'proven' : 'unproven'
    if (event.identity === 'conflicting') reply.conflicting = true
    reply.latencyMs ??= reply.sentAt === undefined ? undefined : Math.max(0, event.at - reply.sentAt)
    if (gathered !== undefined) {
      if (!isGiven && !isOver) carryOn(reply, event.at)
      receiveOutput(reply, gathered)
    }
    switch (event.kind) {
      case 'outputReceived':
        // It began, although it was called silent: its result is missing, and replaces this if it still comes.
        if (isOver && reply.state === 'no-reply') reply.state = 'lost'
        return true
      case 'resultReceived':
        if (!isGiven) finish(reply, event)
        if (ended !== undefined) settleOutput(reply, ended)
        return true
      case 'refused':
        reply.state = 'refused'
        reply.endedAt = event.at
        reply.refusal = { code: event.code, reason: event.reason }
        if (reply.output === 'partial') reply.output = 'incomplete'
        return true
      case 'acknowledged':
        if (event.started === 'yes' || reply.started === 'yes') carryOn(reply, event.at)
        else {
          markRunning(reply)
          reply.started = 'queued'
        }
        return true
    }
  })
}

function joinLate(reply: ReplyState): boolean {
  reply.state = 'lost'
  reply.late = true
  return true
}

function expose(reply: ReplyState): void {
  reply.unexpected = true
  if (isVerdict(reply.state)) reply.state = 'unexpected'
}

/** Whether the master has assumed the verdict without an answer. An answer replaces it. */
function isAssumed(reply: ReplyState): boolean {
  return reply.state === 'not-started' || isSilent(reply)
}

function isSilent({ state, outcome }: ReplyState): boolean {
  return state === 'no-reply' || state === 'lost' || (state === 'unexpected' && outcome === undefined)
}

function carryOn(reply: ReplyState, at: number): void {
  markRunning(reply)
  reply.started = 'yes'
  reply.startedAt ??= at
}

function markRunning(reply: ReplyState): void {
  reply.state = 'running'
  if (reply.output === 'incomplete') reply.output = 'partial'
}

function finish(reply: ReplyState, event: Extract<RunEvent, { kind: 'resultReceived' }>): void {
  reply.state = reply.unexpected ? 'unexpected' : verdictOf(event.outcome)
  reply.outcome = event.outcome
  reply.endedAt = event.at
  reply.durationMs = event.durationMs
  reply.digest = event.digest
  reply.droppedBytes = event.droppedBytes
  reply.promisedFrames = event.frames
  reply.output = event.frames === 0 ? 'none' : 'partial'
}

function gatheredBy(event: HeardEvent): Gathered | undefined {
  if (event.kind === 'outputReceived') return event
  return event.kind === 'resultReceived' ? event.gathered : undefined
}

function receiveOutput(reply: ReplyState, { stdoutBytes, stderrBytes, frames }: Gathered): void {
  reply.stdoutBytes += stdoutBytes
  reply.stderrBytes += stderrBytes
  reply.frames = frames
  if (reply.output === 'none') reply.output = isVerdict(reply.state) ? 'incomplete' : 'partial'
}

/** @returns whether it changed anything */
function settleOutput(reply: ReplyState, output: 'complete' | 'incomplete'): boolean {
  const isNews = reply.output === 'partial' || (reply.output === 'incomplete' && output === 'complete')
  if (isNews) reply.output = output
  return isNews
}

function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'exited':
      return outcome.code === 0 ? 'succeeded' : 'failed'
    case 'signalled':
    case 'not-executed':
      return 'failed'
    case 'timed-out':
    case 'cancelled':
    case 'interrupted':
      return outcome.kind
  }
}

function stopRollout(state: RunState, reason: Reason): boolean {
  const left = stepsLeft(state)
  if (state.phase === 'over' || left.length === 0) return false
  setStopReason(state, reason)
  state.isRolloutOver = true
  for (const step of left) for (const agentId of step) notStarted(state, agentId)
  applyToRun(state, { kind: 'resumed', at: 0 })
  return true
}

/** Keeps the first reason. */
function setStopReason(state: RunState, { reason, sentence }: Reason): void {
  if (state.stopReason !== undefined) return
  state.stopReason = reason
  state.stopSentence = sentence
}

function notStarted(state: RunState, agentId: string): void {
  change(state, agentId, (reply) => {
    if (reply.state === 'expected') reply.state = 'not-started'
    return true
  })
}

function addReply(state: RunState, agentId: string, hostname: string, expected: boolean): void {
  if (state.replies.has(agentId)) return
  state.replies.set(agentId, {
    agentId,
    hostname,
    expected,
    unexpected: false,
    state: 'expected',
    outcome: undefined,
    refusal: undefined,
    sentAt: expected ? undefined : state.startedAt,
    heardAt: undefined,
    started: 'no',
    startedAt: undefined,
    endedAt: undefined,
    latencyMs: undefined,
    durationMs: undefined,
    stdoutBytes: 0,
    stderrBytes: 0,
    droppedBytes: 0,
    frames: 0,
    output: 'none',
    digest: undefined,
    late: false,
    identity: 'unproven',
  })
  state.counts.expected += 1
  state.unsettled += 1
}

/** Changes one reply and updates the counts of the run. */
function change(state: RunState, agentId: string, edit: (reply: ReplyState) => boolean): boolean {
  const reply = state.replies.get(agentId)
  if (reply === undefined) return false
  const before = reply.state
  const wasSettled = isSettled(reply)
  const wasUnexpected = reply.unexpected
  const changed = edit(reply)
  state.counts[before] -= 1
  state.counts[reply.state] += 1
  state.unsettled += Number(wasSettled) - Number(isSettled(reply))
  state.unexpected += Number(reply.unexpected) - Number(wasUnexpected)
  return changed
}
