import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requiring } from '../../../src/protocol/action.ts'
import { readFilter } from '../../../src/protocol/filter/writtenFilter.ts'
import type { CommandMessage } from '../../../src/protocol/messages.ts'
import { encodeTargetSet } from '../../../src/protocol/targetSet.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import type { Queues } from '../../../src/queues/queues.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type IndependentAgent, startInPython, startInTypeScript } from '../../support/independentAgents.ts'
import { createMasters, type Masters, type OpenMaster, outputOf, startRun } from '../../support/masters.ts'
import { hasPython } from '../../support/python.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'

const implementations = [
  { language: 'TypeScript', start: startInTypeScript, isHere: true },
  { language: 'Python 3', start: startInPython, isHere: hasPython },
]

describe.each(implementations)(
  'our master, with an agent by docs/messages.md in $language',
  ({ language, start, isHere }) => {
    // A machine without Python shows these as skipped, by their names.
    describe.skipIf(!isHere)('and other code than ours', () => {
      const agentId = 'stranger-1'
      const name = language.replace(/\W/g, '')
      let sqs: SqsServer
      let environment: Environment
      let queues: Queues
      let masters: Masters
      let opened: OpenMaster
      let commander: Commander
      let agent: IndependentAgent
      let directory: string

      beforeAll(async () => {
        sqs = await startSqs()
        environment = await sqs.environment(name)
        queues = sqs.connect()
        directory = await mkdtemp(join(tmpdir(), 'conformance-'))
        masters = createMasters(sqs)
        opened = await masters.open(environment)
        commander = startCommander(queues, environment)
        agent = await start(options(agentId))
        await opened.discover(1)
      })
      afterAll(async () => {
        await agent?.stop()
        await masters?.close()
        await commander?.stop()
        await sqs?.stop()
        await rm(directory, { recursive: true, force: true })
      })

      const options = (agentId: string) => ({
        ...{ endpoint: sqs.endpoint, environment: name, agentId, facts: { role: 'web' } },
        journal: join(directory, `${agentId}.journal`),
      })

      /** A process needs some time to start: what was sent before it listens is not for it. */
      const untilIs = (agentId: string, state: 'live' | 'gone') =>
        until(async () => {
          await opened.master.refresh()
          const known = opened.master.inventory.agents().find((agent) => agent.agentId === agentId)
          return known?.state === state
        }, `${agentId} to be ${state}`)

      const run = async (action: RunRequest['action'], more: Partial<RunRequest> = {}) => {
        const request = { filter: readFilter('role=web'), action, timeoutMs: 30_000, ...more }
        const started = await startRun(opened.master, request)
        await started.ended
        return { run: started, reply: started.state.replies.get(agentId) }
      }

      it('has its facts, and it matches filters by them', () => {
        const [known] = opened.master.inventory.agents()
        expect(known).toMatchObject({
          agentId,
          facts: { role: 'web', agent: { id: agentId } },
          state: 'live',
        })
      })

      it.each([{ kind: 'ping' }, { kind: 'facts' }] as const)('gets an answer to $kind', async (action) => {
        const { reply } = await run(action)
        expect(reply).toMatchObject({ state: 'succeeded', output: 'none' })
      })

      it('gets both streams of a command, and its exit code', async () => {
        const { run: ended, reply } = await run({ kind: 'shell', command: 'echo out; echo err >&2; exit 3' })
        expect(reply).toMatchObject({ state: 'failed', output: 'complete', stdoutBytes: 4, stderrBytes: 4 })
        expect(reply?.outcome).toEqual({ kind: 'exited', code: 3 })
        expect(await outputOf(ended, agentId)).toMatch(/^(out\nerr|err\nout)\n$/)
      })

      it('has a script executed with its name, arguments, directory and variables', async () => {
        const script = '#!/bin/sh\necho "$(basename "$0") $1 $2 $PWD $STAGE $EC2_COLLECTIVE_AGENT_ID"\n'
        const { run: ended } = await run({
          ...{ kind: 'script', name: 'greet me.sh', content: Buffer.from(script).toString('base64') },
          ...{ args: ['two words', 'grün'], directory: '/usr', environment: { STAGE: 'blue' } },
        })
        expect(await outputOf(ended, agentId)).toBe(`greet me.sh two words grün /usr blue ${agentId}\n`)
      })

      it('gets every byte of 3 MB, in frames', async () => {
        const { run: ended, reply } = await run({
          kind: 'shell',
          command: 'head -c 3000000 /dev/urandom | base64 -w 76',
        })
        expect(reply).toMatchObject({ state: 'succeeded', output: 'complete', droppedBytes: 0 })
        expect(reply?.frames).toBeGreaterThan(10)
        expect((await outputOf(ended, agentId)).length).toBe(reply?.stdoutBytes)
      })

      it('learns how many bytes an output limit left out', async () => {
        const { reply } = await run(
          { kind: 'shell', command: 'yes | head -c 50000' },
          { outputLimitBytes: 20_000 },
        )
        expect(reply).toMatchObject({ output: 'complete', droppedBytes: 30_000, stdoutBytes: 20_000 })
      })

      it.each([
        ['timed-out', 'sleep 60', { timeoutMs: 1_000 }],
        ['failed', 'kill -9 $$', {}],
      ])('gets the verdict %s of %j', async (state, command, more) => {
        expect((await run({ kind: 'shell', command }, more)).reply).toMatchObject({ state })
      })

      it('cancels a command', async () => {
        const request = { filter: readFilter('role=web'), timeoutMs: 60_000 }
        const action = { kind: 'shell', command: 'echo begun; sleep 60' } as const
        const started = await startRun(opened.master, { ...request, action })
        await until(() => started.state.replies.get(agentId)?.state === 'running', 'the command to run')
        await started.cancel()
        await started.ended
        expect(started.state.replies.get(agentId)).toMatchObject({ state: 'cancelled', output: 'complete' })
      })

      it('is warned of nothing', () => {
        expect(opened.troubles).toEqual([])
      })

      describe('a command by hand', () => {
        const file = () => join(directory, 'executed')
        const touch = () => ({ kind: 'shell', command: `echo x >> '${file()}'` }) as const
        const ended = async (runId: string) => (await commander.result(runId)).result.outcome
        const refusal = async (
          action: Parameters<Commander['send']>[0],
          command: Partial<CommandMessage> = {},
        ) => commander.wait(await commander.send(action, { targets: [agentId], ...command }), 'refusal')

        it('is executed once, however often it comes, and its result is sent again', async () => {
          const runId = await commander.send(touch())
          await ended(runId)
          await commander.send(touch(), { runId })
          await until(() => commander.heard(runId).length === 2, 'the result to be sent again')
          expect(readFileSync(file(), 'utf8')).toBe('x\n')
          expect(commander.heard(runId).map(({ message }) => message.type)).toEqual(['result', 'result'])
          await commander.expire()
        })

        it('finds its agents by a set, and no others', async () => {
          const [meant, other] = [randomUUID(), randomUUID()]
          const action = { kind: 'shell', command: 'true' } as const
          // Requires the set: `wireForm`.
          await commander.send(action, { runId: other, targetSet: encodeTargetSet(other, ['somebody']) })
          await commander.send(action, {
            runId: meant,
            targetSet: encodeTargetSet(meant, ['somebody', agentId]),
          })
          expect(await ended(meant)).toEqual({ kind: 'exited', code: 0 })
          await ended(await commander.send({ kind: 'ping' }))
          expect(commander.heard(other)).toEqual([])
          await commander.expire()
        })

        it.each([
          ['environment', {}, { environment: 'elsewhere' }],
          ['filter', {}, { filter: 'role=db' }],
          ['filter', {}, { filter: 'role =~ /web/' }],
          ['unsupported', { user: 'a:b' }, {}],
          ['reply-queue', {}, { replyTo: 'elsewhere_agent' }],
          ['expired', {}, { issuedAt: 1 }],
        ] as const)('is refused with the code %s: %j %j', async (code, fields, command) => {
          const { reason, ...refused } = await refusal({ ...touch(), ...fields } as never, command)
          expect(refused).toMatchObject({ code, agentId })
          expect(reason).toMatch(code === 'unsupported' ? /\buser\b/ : /./)
          await commander.expire()
        })

        it('is refused by the name of the part that it requires', async () => {
          expect((await refusal(requiring({ kind: 'ping' }, ['moon']))).reason).toMatch(/moon/)
          await commander.expire()
        })

        it('is never begun once it was cancelled, and says so', async () => {
          const runId = randomUUID()
          await commander.send({ kind: 'cancel', runId, issuedAt: Date.now() })
          expect(await ended(runId)).toEqual({ kind: 'cancelled', started: false })
          await commander.send(touch(), { runId })
          await ended(await commander.send({ kind: 'ping' }))
          expect(readFileSync(file(), 'utf8')).toBe('x\n')
          await commander.expire()
        })

        it('has frames of its reply sent again', async () => {
          const runId = await commander.send({ kind: 'shell', command: 'echo again' })
          await ended(runId)
          const before = commander.heard(runId).length
          await commander.send({ kind: 'resend', runId, missing: [0], result: true })
          await until(() => commander.heard(runId).length === before + 2, 'a frame and the result')
          expect(
            commander
              .heard(runId)
              .slice(before)
              .map(({ message }) => message.type)
              .toSorted(),
          ).toEqual(['output', 'result'])
          await commander.expire()
        })
      })

      it('learns that a command was interrupted by the end of an agent', async () => {
        const third = await start(options('stranger-3'))
        await untilIs('stranger-3', 'live')
        const runId = await commander.send(
          { kind: 'shell', command: 'sleep 60' },
          { targets: ['stranger-3'] },
        )
        await commander.wait(runId, 'ack')
        await third.kill()
        const again = await start(options('stranger-3'))
        expect((await commander.result(runId)).result).toMatchObject({
          outcome: { kind: 'interrupted' },
          frames: 0,
        })
        await again.stop()
        await commander.expire()
      })

      it('learns that it leaves', async () => {
        const second = await start(options('stranger-2'))
        await untilIs('stranger-2', 'live')
        await second.stop()
        await untilIs('stranger-2', 'gone')
      })
    })
  },
)
