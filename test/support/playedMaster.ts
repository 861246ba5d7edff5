import { Master, type MasterOptions } from '../../src/master/master.ts'
import type { Facts } from '../../src/protocol/facts.ts'
import { defaultQueues, type Environment } from '../../src/queues/environment.ts'

/** A master of `testing` whose queues the test plays, and that knows of the agents `a` and `b`. */
export function playedMaster(
  options: Pick<MasterOptions, 'queues' | 'history' | 'onWarning' | 'signer'>,
  changes: Partial<Environment> = {},
): Master {
  const queues = defaultQueues('testing')
  const master = new Master({
    environment: { name: 'testing', region: 'eu-west-1', protected: false, queues, ...changes },
    ...{ issuer: { name: 'ada', host: 'laptop' }, masterId: 'm1' },
    ...options,
  })
  for (const agentId of ['a', 'b']) hearOf(master, agentId)
  return master
}

/** The agent publishes its facts. */
export function hearOf(master: Master, agentId: string, facts: Facts = {}): void {
  const agent = { agentId, hostname: agentId, environment: 'testing', version: '1', startedAt: 1 }
  const message = { ...agent, sentAt: Date.now(), intervalMs: 30_000, running: [], facts }
  master.inventory.recordFacts({ type: 'facts', ...message }, Date.now(), undefined)
}
