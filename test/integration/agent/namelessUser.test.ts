import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))
/** No user has it. */
const uid = 54_321

let sqs: SqsServer
let environment: Environment
let master: Commander

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
  master = startCommander(sqs.connect(), environment)
})

afterAll(async () => {
  await master.stop()
  await sqs.stop()
})

describe('an agent whose user has no name, and that has no HOME', () => {
  it('works, as in a container', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root may become a user without a name')
    const directory = mkdtempSync(join(tmpdir(), 'agent-'))
    chmodSync(directory, 0o755)
    chownSync(directory, uid, uid)
    const become = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
    // agentProcess gives it no HOME.
    const agent = await startAgent({ environment, directory, command: [...become, process.execPath, bundle] })
    const command = 'id -u; echo "$USER $HOME"'
    const { stdout } = await master.result(await master.send({ kind: 'shell', command }))
    expect(stdout).toBe(`${uid}\n${uid} /\n`)
    await agent.stop()
    rmSync(directory, { recursive: true, force: true })
  })
})
