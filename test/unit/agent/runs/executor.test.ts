import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unlimited } from '../../../../agent/src/execution/runLimits.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'
import type { AuditedCommand } from '../../../../agent/src/log/audit.ts'
import { createLog } from '../../../../agent/src/log/log.ts'
import type { OpenReply } from '../../../../agent/src/replies/deliveries.ts'
import { Executor, NotTaken } from '../../../../agent/src/runs/executor.ts'
import type { RunContext } from '../../../../agent/src/runs/runContext.ts'
import type { Configuration } from '../../../../agent/src/settings/configuration.ts'
import type { CommandMessage, Outcome } from '../../../../src/protocol/messages.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'executor-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const runId = 'run-00000001'
const action = { kind: 'shell', command: 'true' } as const

/** An executor whose journal writes when `begin` says so; what became of its run is noted. */
function openExecutor(begin: () => Promise<void>) {
  const outcomes: Outcome[] = []
  const audited: string[] = []
  const errors: string[] = []
  const onRest = vi.fn()
  const writer = {
    write: () => {},
    flush: async () => {},
    finish: async (outcome: Outcome) => void outcomes.push(outcome),
  } as unknown as OpenReply['writer']
  const configuration = {
    outputLimitBytes: 1_000,
    maxParallel: 1,
    shell: '/bin/sh',
    stateDir: directory,
    killGraceMs: 100,
    limits: { processes: undefined, memory: undefined },
    environment: 'testing',
  } as Configuration
  const context: RunContext = {
    from: { agentId: 'agent-1', hostname: 'host' },
    ownUser: ownUser(),
    configuration: () => configuration,
    limits: { begin: async () => unlimited, leftOf: async () => undefined },
    audit: (event) => {
      audited.push(event)
      return 'unaudited'
    },
    log: createLog('error', (line) => errors.push(line), Date.now),
    now: () => 0,
    onRest,
  }
  const deliveries = { open: () => ({ writer, deliver: () => {} }) }
  const executor = new Executor(context, { begin }, deliveries, { acknowledge: () => {} })
  const take = () =>
    executor.take({
      command: { runId, replyTo: 'testing_agent', timeoutMs: 10_000, action } as CommandMessage,
      action,
      audited: { runId } as AuditedCommand,
      received: undefined,
      by: { sender: undefined, key: undefined },
      whyNot: async () => undefined,
    })
  return { executor, take, outcomes, audited, errors, onRest }
}

describe('The executor', () => {
  it('answers a run once, or does not take it, in each order of taking, cancelling and closing', async () => {
    const seen = new Set<string>()
    await everyInterleaving(async (stage) => {
      const { executor, take, outcomes, audited, errors } = openExecutor(() =>
        stage.pause('the journal writes'),
      )
      stage.act('take', take)
      stage.act('cancel', () => executor.cancel(runId))
      stage.act('close', () => executor.close())
      const ends = await stage.play()
      expect(ends.close?.status).toBe('fulfilled')
      expect(executor.isIdle).toBe(true)
      const isTaken = ends.take?.status === 'fulfilled'
      if (!isTaken) expect((ends.take as PromiseRejectedResult).reason).toBeInstanceOf(NotTaken)
      expect(outcomes).toHaveLength(isTaken ? 1 : 0)
      expect(audited).toEqual(isTaken ? ['ended'] : [])
      expect(errors).toEqual([])
      seen.add(outcomes[0]?.kind ?? 'not taken')
    })
    expect([...seen].sort()).toEqual(expect.arrayContaining(['cancelled', 'interrupted', 'not taken']))
  })

  it('takes nothing that cannot be recorded, whenever it is closed or cancelled', async () => {
    await everyInterleaving(async (stage) => {
      const { executor, take, outcomes } = openExecutor(async () => {
        await stage.pause('the journal fails')
        throw new Error('the disk is full')
      })
      stage.act('take', take)
      stage.act('cancel', () => executor.cancel(runId))
      stage.act('close', () => executor.close())
      const ends = await stage.play()
      expect((ends.take as PromiseRejectedResult).reason).toBeInstanceOf(NotTaken)
      expect(ends.close?.status).toBe('fulfilled')
      expect([outcomes.length, executor.isIdle]).toEqual([0, true])
    })
  })

  it('says each time when no run is left, and not before', async () => {
    const { executor, take, onRest } = openExecutor(async () => {})
    for (const times of [1, 2]) {
      const rest = new Promise<void>((resolve) => onRest.mockImplementationOnce(resolve))
      await take()
      expect([onRest.mock.calls.length, executor.isIdle]).toEqual([times - 1, false])
      await rest
      expect([onRest.mock.calls.length, executor.isIdle]).toEqual([times, true])
    }
  })
})
