import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type AgentOptions } from '../conformance/agent.ts'

/** An agent of other code than ours. */
export interface IndependentAgent {
  /** Says that it leaves. */
  stop(): Promise<void>
  /** Ends at once, as by a failure of power: says nothing. */
  kill(): Promise<void>
}

export function startInTypeScript(options: AgentOptions): Promise<IndependentAgent> {
  return Agent.start(options)
}

/** As a process of its own, which ends with this one at the latest. */
export async function startInPython(options: AgentOptions): Promise<IndependentAgent> {
  const arguments_ = ['-B', 'test/conformance/python/agent.py', JSON.stringify(options)]
  const child = spawn('python3', arguments_, { stdio: ['pipe', 'inherit', 'inherit'] })
  const ended = once(child, 'exit')
  return {
    async stop() {
      child.stdin.end()
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
