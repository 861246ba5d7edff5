import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import { startAgent } from '../../support/agentProcess.ts'
import { type Commander, startCommander } from '../../support/commander.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const bundleOf = (name: string) => fileURLToPath(new URL(`../../../dist/${name}.js`, import.meta.url))
/** No user has it. */
const uid = 54_321
const become = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', process.execPath]

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
  it('works, as in a container, and so does a master of that user', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root may become a user without a name')
    const directory = mkdtempSync(join(tmpdir(), 'agent-'))
    chmodSync(directory, 0o755)
    chownSync(directory, uid, uid)
    // agentProcess gives it no HOME.
    const agent = await startAgent({ environment, directory, command: [...become, bundleOf('ec2-cagent')] })
    const command = 'id -u; echo "$USER $HOME"'
    const { stdout } = await master.result(await master.send({ kind: 'shell', command }))
    expect(stdout).toBe(`${uid}\n${uid} /\n`)
    const closed = await master.result(
      await master.send({ kind: 'shell', command: 'pwd', directory: '/root' }),
    )
    expect(closed.result.outcome).toEqual({
      kind: 'not-executed',
      reason: expect.stringMatching(/may not enter the directory \/root/),
    })
    const [program, ...rest] = become as [string, ...string[]]
    const where = [
      '--env',
      'testing',
      '--region',
      environment.region,
      '--endpoint',
      environment.endpoint ?? '',
    ]
    const args = [...rest, bundleOf('ec2-cmaster'), ...where, '--everyone', '-q', '--', 'echo', 'commanded']
    const env = { PATH: process.env.PATH, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
    const sent = await promisify(execFile)(program, args, { env, cwd: '/' })
    expect(sent.stdout).toContain('commanded')
    await agent.stop()
    rmSync(directory, { recursive: true, force: true })
  })
})
