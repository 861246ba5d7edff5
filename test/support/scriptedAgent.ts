import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { names } from '../../agent/src/intake/admission.ts'
import { openBody, sealBody } from '../../src/protocol/envelope.ts'
import type { CommandMessage, Outcome, ReplyMessage } from '../../src/protocol/messages.ts'
import type { Environment } from '../../src/queues/environment.ts'
import type { Queues } from '../../src/queues/queues.ts'

/** A body for a reply queue, made by the real protocol code. */
export interface ReplyBody {
  readonly message: ReplyMessage
  readonly data: Uint8Array
}

/** An agent that does what a test tells it, where a real one cannot misbehave on purpose. Executes nothing. */
export interface ScriptedAgent {
  readonly agentId: string
  /** Commands that were for it, once each, in the order in which they came. */
  readonly commands: readonly CommandMessage[]
  send(replyTo: string, ...bodies: readonly (ReplyBody | string)[]): Promise<void>
  stop(): Promise<void>
}

/** What an agent with these names would say within a run. */
export function repliesOf(agentId: string, runId: string) {
  const from = { runId, agentId, hostname: `host-${agentId}`, sentAt: Date.now() }
  return {
    ack: (state: 'queued' | 'started' = 'started'): ReplyBody => ({
      message: { type: 'ack', ...from, state },
      data: nothing,
    }),
    frame: (frame: number, text: string): ReplyBody => ({
      message: { type: 'output', ...from, frame, segments: [[1, Buffer.byteLength(text)]] },
      data: Buffer.from(text),
    }),
    /** Promises one frame for each text. */
    result: (texts: readonly string[], outcome: Outcome = { kind: 'exited', code: 0 }): ReplyBody => ({
      message: {
        ...{ type: 'result', ...from, outcome, durationMs: 1, frames: texts.length },
        ...{ stdout: digestOf(texts.join('')), stderr: digestOf('') },
      },
      data: nothing,
    }),
    refusal: (reason: string): ReplyBody => ({
      message: { type: 'refusal', ...from, code: 'policy', reason },
      data: nothing,
    }),
  }
}

/**
 * Says its facts once and listens.
 * @param obey called with each command, once; what it throws fails `stop`
 */
export async function startScriptedAgent(
  queues: Queues,
  environment: Environment,
  agentId: string,
  obey: (command: CommandMessage, agent: ScriptedAgent) => Promise<void>,
): Promise<ScriptedAgent> {
  const stopping = new AbortController()
  const commands: CommandMessage[] = []
  const agent: ScriptedAgent = {
    ...{ agentId, commands },
    async send(replyTo, ...bodies) {
      for (const body of bodies)
        await queues.send(replyTo, typeof body === 'string' ? body : sealBody(body.message, body.data))
    },
    async stop() {
      stopping.abort()
      await listening
    },
  }
  const facts = { role: 'scripted' }
  await queues.send(
    environment.queues.facts,
    sealBody({
      ...{ type: 'facts', agentId, hostname: `host-${agentId}`, environment: environment.name, version: '0' },
      ...{ startedAt: Date.now(), sentAt: Date.now(), intervalMs: 30_000, running: [], facts },
    }),
  )
  const listening = listen()
  return agent

  async function listen(): Promise<void> {
    const known = new Set<string>()
    const obeying: Promise<void>[] = []
    while (!stopping.signal.aborted) {
      const options = { waitSeconds: 20, visibilitySeconds: 0 }
      const messages = await queues
        .receive(environment.queues.commands, options, stopping.signal)
        .catch(() => [])
      const fresh = messages.filter(({ messageId }) => !known.has(messageId))
      for (const { messageId, body } of fresh) {
        known.add(messageId)
        const { message } = openBody(body, 'command')
        if (names(message, agentId) === false) continue
        commands.push(message)
        obeying.push(obey(message, agent))
      }
      // Everybody sees all of them all the time.
      if (fresh.length === 0) await delay(50, undefined, { signal: stopping.signal }).catch(() => {})
    }
    await Promise.all(obeying)
  }
}

const nothing = new Uint8Array()

function digestOf(text: string) {
  const bytes = Buffer.from(text)
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), droppedBytes: 0 }
}
