import { join } from 'node:path'
import { History } from '../../src/master/store/history.ts'
import { moveIntoShared } from '../../src/master/store/sharedStorage.ts'

/**
 * A process that keeps runs in a shared folder, as a window does: it moves what it had before, then records runs, with
 * what they answer. `argv`: its own folder, the shared one, the beginning of its run ids, how many.
 */
const [own = '', shared = '', prefix = '', count = '0'] = process.argv.slice(2)
await moveIntoShared(own, shared)
const history = await History.open(join(shared, 'runs'))
for (let number = 0; number < Number(count); number += 1) {
  const runId = `${prefix}-${String(number).padStart(4, '0')}`
  const record = await history.create({
    runId,
    environment: 'testing',
    request: { filter: '*', action: { kind: 'shell', command: `echo ${runId}` }, timeoutMs: 1_000 },
    issuer: { name: 'anna', host: 'atlas' },
    startedAt: Date.now(),
  })
  const agents = [{ agentId: 'i-0000000000000001', hostname: 'web-01' }]
  record.append({ kind: 'agentsExpected', agents, steps: [['i-0000000000000001']] })
  record.append({ kind: 'stepStarted', at: Date.now() })
  await record.close()
}
