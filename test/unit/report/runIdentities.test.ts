import { describe, expect, it } from 'vitest'
import { runHeader } from '../../../src/console/results/headerProjection.ts'
import { agentRow } from '../../../src/console/results/projection.ts'
import type { Run } from '../../../src/master/engine/run.ts'
import type { AckMessage } from '../../../src/protocol/messages.ts'
import { exportJson } from '../../../src/report/runExport.ts'
import { identityWarnings, namesOf, RunNames } from '../../../src/report/runIdentities.ts'
import { exportCsv, exportText } from '../../../src/report/runTables.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { agentIdOf, withSimulatedRun } from '../../support/simulatedRun.ts'
import { textOf } from '../../support/textOf.ts'

const from = (hostname: string): AckMessage => ({
  ...{ type: 'ack', runId: 'run-0000-0001', agentId: agentIdOf(hostname), hostname },
  ...{ sentAt: 0, state: 'started' },
})

/** One agent of each kind: proven, unproven, contested, one of two names, and one without a reply. */
const withDoubtfulRun = (act: (run: Run) => Promise<void>) =>
  withSimulatedRun(['web1', 'web2', 'web3', 'Web3', 'db1'], {}, async ({ run }) => {
    run.receive({ ...from('web1') }, new Uint8Array(), 'proven')
    run.receive({ ...from('web2') }, new Uint8Array(), 'unproven')
    run.receive({ ...from('web3') }, new Uint8Array(), 'proven')
    run.receive({ ...from('web3') }, new Uint8Array(), 'forged')
    await act(run)
  })

describe('Who the agents of a run are', () => {
  it('is in its JSON', () =>
    withDoubtfulRun(async (run) => {
      const { agents } = JSON.parse(await textOf(exportJson(run)))
      const told = agents.map(({ hostname, identity, conflicting, nameProblem }: Record<string, unknown>) => [
        ...[hostname, identity, conflicting, nameProblem],
      ])
      expect(told).toEqual([
        ['web1', 'proven', false, null],
        ['web2', 'unproven', false, null],
        ['web3', 'proven', true, 'look-alike'],
        ['Web3', 'unproven', false, 'look-alike'],
        ['db1', 'unproven', false, null],
      ])
    }))

  it('is in its CSV', () =>
    withDoubtfulRun(async (run) => {
      const [head = '', ...rows] = (await textOf(exportCsv(run))).trim().split('\r\n')
      const [identity, name] = [head.split(',').indexOf('identity'), head.split(',').indexOf('host_name')]
      expect(rows.map((row) => [row.split(',')[identity], row.split(',')[name]])).toEqual([
        ['proven', ''],
        ['unproven', ''],
        ['conflicting', 'look-alike'],
        ['', 'look-alike'],
        ['', ''],
      ])
    }))

  it('is in its text', () =>
    withDoubtfulRun(async (run) => {
      const written = await textOf(exportText(run))
      expect(written).toContain('\nidentities: 1 proven, 1 unproven, 1 conflicting\n')
      expect(written).toContain('\nConflicting identities (1): web3. Another sender replied')
      expect(written).toContain('\nHost names that look alike (2): Web3,web3\n')
    }))

  it('is in the rows of its page', () =>
    withDoubtfulRun(async ({ state }) => {
      const names = namesOf(state)
      const rows = [...state.replies.values()].map((reply) =>
        agentRow(reply, undefined, names.of(reply.agentId), inEnglish),
      )
      expect(rows).toMatchObject([
        { identity: 'proven' },
        { identity: 'unproven' },
        { identity: 'proven', conflicting: true, nameProblem: 'look-alike' },
        { nameProblem: 'look-alike' },
        {},
      ])
      expect(rows[4]).not.toHaveProperty('identity')
      expect(rows[0]).not.toHaveProperty('conflicting')
    }))

  it('includes who sent the command: as AWS says, and by which key', () =>
    withSimulatedRun(['web1'], {}, async ({ run }) => {
      expect(JSON.parse(await textOf(exportJson(run)))).toMatchObject({ sender: null, signingKey: null })
      expect(await textOf(exportText(run))).toContain('\nsender according to AWS: unknown, not signed\n')
      run.sentBy('AROAOPS:ada')
      run.sentBy('AROAOTHER:mallory')
      const signed = { ...run, state: { ...run.state, signingKey: 'alice' }, output: run.output.bind(run) }
      expect(JSON.parse(await textOf(exportJson(signed)))).toMatchObject({
        ...{ sender: 'AROAOPS:ada', signingKey: 'alice' },
      })
      expect(await textOf(exportText(signed))).toContain(
        '\nsender according to AWS: AROAOPS:ada, signed with the key alice\n',
      )
      const environment = { name: 'testing', protected: false }
      expect(runHeader(signed.state, environment, { live: true, now: 0, t: inEnglish })).toMatchObject({
        ...{ sender: 'AROAOPS:ada', signingKey: 'alice' },
      })
    }))

  it('is not mentioned where nothing is unusual', () =>
    withSimulatedRun(['web1', 'web2'], {}, async ({ run }) => {
      expect(identityWarnings(run.state)).toEqual([])
    }))

  it('says that agents have the same host name, also of one that takes it while it replies', () =>
    withSimulatedRun(['web1', 'web2'], {}, async ({ run }) => {
      const names = new RunNames()
      expect(names.update(run.state)).toEqual([])
      run.receive({ ...from('web2'), hostname: 'web1' }, new Uint8Array(), 'unproven')
      expect(names.update(run.state)).toEqual([agentIdOf('web1'), agentIdOf('web2')])
      expect(names.update(run.state)).toEqual([])
      expect(names.of(agentIdOf('web1'))).toBe('doubled')
      const told = identityWarnings(run.state).map((sentence) => localize(sentence, inEnglish))
      expect(told).toEqual(['Agents with the same host names (2): web1'])
    }))
})
