import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMaster, readFilter } from '../../../src/master/library.ts'
import type { Environment } from '../../../src/queues/environment.ts'
import { type AgentFleet, startAgents } from '../../support/agents.ts'
import { createMasters, type Masters, startRun } from '../../support/masters.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const example = 'examples/runCommand.ts'

let sqs: SqsServer
let environment: Environment
let fleet: AgentFleet
let masters: Masters
let folder: string

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('library')
  fleet = await startAgents(environment, 2)
  masters = createMasters(sqs)
  await (await masters.open(environment)).discover(2)
  folder = await masters.newDirectory()
})
afterAll(async () => {
  await masters?.close()
  await fleet?.stop()
  await sqs?.stop()
})

describe('the master as a library', () => {
  let inputs: string[]

  beforeAll(async () => {
    const { metafile } = await build({
      ...{ entryPoints: [example], bundle: true, platform: 'node', metafile: true, logLevel: 'silent' },
      outfile: path.join(folder, 'runCommand.js'),
    })
    inputs = Object.keys(metafile.inputs)
  })

  it('is one module, from which the example takes all that it needs', async () => {
    const imports = (await readFile(example, 'utf8')).match(/(?<=from ')[^']+/g)
    expect(imports).toEqual(['../src/master/library.ts'])
  })

  it('brings nothing of the editor, the page or the command line along', () => {
    expect(inputs).toContain('src/master/library.ts')
    expect(
      inputs.filter((file) => /^(webview|agent|src\/(console|page|cli|localFleet|extension))/.test(file)),
    ).toEqual([])
  })

  it('runs a command in plain Node', async () => {
    const { stdout } = await runExample('library', 'role=web', 'echo hello from $EC2_COLLECTIVE_AGENT_ID')
    expect(stdout).toBe('agent-1 succeeded\nhello from agent-1\n\n')
  })

  it('says in one sentence that nothing was sent', async () => {
    const failure = await runExample('library', 'role=nothing', 'true').catch((error) => error)
    expect(failure).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^role=nothing does not match .+\n$/),
    })
  })

  it('leaves a run to a later master with the same folder', async () => {
    const setup = { environment, folder: path.join(folder, 'resumed') }
    const first = await openMaster(setup)
    await first.master.refresh()
    const action = { kind: 'shell', command: 'sleep 60' } as const
    const { runId } = await startRun(first.master, {
      filter: readFilter('role=web'),
      action,
      timeoutMs: 60_000,
    })
    await first.close()
    const second = await openMaster(setup)
    const [run] = await second.master.resume()
    expect(run?.runId).toBe(runId)
    await run?.cancel()
    await run?.ended
    await second.close()
    expect((await second.history.list()).map((summary) => summary.runId)).toEqual([runId])
  })

  it('is closed once, however often that is asked for', async () => {
    const opened = await openMaster({ environment, folder: path.join(folder, 'closed') })
    await Promise.all([opened.close(), opened.close()])
    await opened.close()
  })

  it('does not open in a folder that it cannot use', async () => {
    const place = path.join(folder, 'unusable')
    await mkdir(place)
    await writeFile(path.join(place, 'masters'), 'a file where a folder should be')
    await expect(openMaster({ environment, folder: place })).rejects.toThrow('EEXIST')
  })

  async function runExample(...args: string[]) {
    const cwd = path.join(folder, 'work')
    await mkdir(cwd, { recursive: true })
    const env = {
      ...process.env,
      ...{ AWS_REGION: environment.region, AWS_ENDPOINT_URL_SQS: sqs.endpoint },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    }
    return promisify(execFile)(process.execPath, [path.join(folder, 'runCommand.js'), ...args], { cwd, env })
  }
})
