import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../../src/queues/environment.ts'
import {
  type Answer,
  refusal,
  type ScriptedEndpoint,
  type SqsRequest,
  startScriptedEndpoint,
  success,
} from '../../support/scriptedEndpoint.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

const bundle = fileURLToPath(new URL('../../../dist/ec2-cagent.js', import.meta.url))
const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

let sqs: SqsServer
let environment: Environment
let directory: string
let scripted: ScriptedEndpoint | undefined

beforeAll(async () => {
  sqs = await startSqs()
  environment = await sqs.environment('testing')
})

afterAll(() => sqs.stop())

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'agent-'))
})

afterEach(async () => {
  await scripted?.stop()
  scripted = undefined
  rmSync(directory, { recursive: true, force: true })
})

const inside = (name: string) => join(directory, name)

interface Checked {
  readonly code: number
  readonly lines: readonly string[]
}

/** Runs the check with only these variables, for an agent whose queues are at this endpoint. */
function check(endpoint: string | undefined, variables: Record<string, string> = keys, ...args: string[]) {
  const configuration = {
    general: { state_dir: inside('state'), audit_log: inside('audit.log'), agent_id: 'a-1' },
    facts: { ec2_metadata: 'never', programs: inside('facts.d') },
    aws: {
      region: 'eu-west-1',
      endpoint,
      sqs_read_queue: 'testing_master',
      sqs_write_queue: 'testing_agent',
      sqs_facts_queue: 'testing_facts',
    },
  }
  writeFileSync(inside('ec2-cagent.json'), JSON.stringify(configuration))
  const all = [bundle, '--check', '-c', inside('ec2-cagent.json'), ...args]
  const env = { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', HOME: directory, ...variables }
  return new Promise<Checked>((resolve) => {
    execFile(process.execPath, all, { env, timeout: 60_000 }, (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), lines: stdout.trim().split('\n') })
    })
  })
}

const failuresOf = ({ lines }: Checked) => lines.filter((line) => line.startsWith('FAIL'))

/** An SQS that lets everything pass but what `answer` says. */
async function sqsThat(answer: (request: SqsRequest) => Answer | undefined): Promise<string> {
  scripted = await startScriptedEndpoint((request) => {
    const special = answer(request)
    if (special !== undefined) return special
    // As SQS, for a body that nobody may send.
    return request.operation === 'SendMessageBatch' ? refusal('InvalidMessageContents') : success(request)
  })
  return scripted.endpoint
}

const queueOf = ({ input }: SqsRequest) => String(input.QueueName ?? input.QueueUrl).replace(/^.*\//, '')

describe('ec2-cagent --check', () => {
  it('passes where an agent can receive commands and send replies and facts', async () => {
    const checked = await check(environment.endpoint)
    expect(checked).toMatchObject({ code: 0 })
    expect(checked.lines).toEqual(
      expect.arrayContaining([
        'ok     commands can be received from testing_master',
        'ok     replies can be sent to testing_agent',
        'ok     facts can be sent to testing_facts',
      ]),
    )
    expect(checked.lines.at(-1)).toBe('All checks passed.')
  })

  it.each([
    ['ReceiveMessage', 'testing_master', 'sqs:ReceiveMessage'],
    ['SendMessageBatch', 'testing_agent', 'sqs:SendMessage'],
    ['SendMessageBatch', 'testing_facts', 'sqs:SendMessage'],
    ['GetQueueAttributes', 'testing_facts', 'sqs:GetQueueAttributes'],
  ])('names the right that is missing: %s on %s', async (operation, queue, action) => {
    const endpoint = await sqsThat((request) =>
      request.operation === operation && queueOf(request) === queue
        ? refusal('AccessDenied', 'no policy allows it', 403)
        : undefined,
    )
    const checked = await check(endpoint)
    expect(checked.code).toBe(1)
    expect(failuresOf(checked)).toEqual([
      expect.stringMatching(`^FAIL   ${action} on ${queue} is not allowed\\.`),
    ])
    expect(checked.lines.at(-1)).toBe('1 problem found.')
  })

  it.each([['GetQueueUrl'], ['SendMessageBatch']])(
    'names the right to the reply queues of masters, refused by %s',
    async (operation) => {
      const endpoint = await sqsThat((request) =>
        request.operation === operation && /^testing_.+-0_agent$/.test(queueOf(request))
          ? refusal('AccessDenied', 'no policy allows it', 403)
          : undefined,
      )
      expect(failuresOf(await check(endpoint))).toEqual([
        expect.stringMatching(
          /^FAIL {3}sqs:SendMessage on testing_\*_agent is not allowed\. Ask your administrator/,
        ),
      ])
    },
  )

  it('says one cause once', async () => {
    const noKeys = await check(environment.endpoint, {})
    expect(failuresOf(noKeys)).toEqual([
      expect.stringMatching(/^FAIL {3}No AWS credentials found \(.+\)\. On EC2, attach an instance profile/),
    ])
    const gone = await check('http://127.0.0.1:9')
    expect(failuresOf(gone)).toHaveLength(1)
    const expired = await check(await sqsThat(() => refusal('ExpiredToken', 'expired', 403)))
    expect(failuresOf(expired)).toEqual([expect.stringMatching(/^FAIL {3}.*expired/)])
  })

  it('has the variables of the service', async () => {
    const file = inside('ec2-cagent.default')
    writeFileSync(file, '# keys of the service\nAWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY="test"\n')
    expect(await check(environment.endpoint, {}, '--environment-file', file)).toMatchObject({ code: 0 })
    // The SDK takes no keys from variables where a profile is named.
    writeFileSync(file, 'AWS_PROFILE=absent\n')
    const wrong = await check(environment.endpoint, keys, '--environment-file', file)
    expect(failuresOf(wrong)).toEqual([expect.stringMatching(/^FAIL {3}No AWS credentials found/)])
  })

  it('ends with the number of problems, also when there is no configuration', async () => {
    const checked = await new Promise<string>((resolve) => {
      execFile(process.execPath, [bundle, '--check', '-c', inside('none.json')], (_error, stdout) =>
        resolve(stdout),
      )
    })
    expect(checked).toMatch(/^FAIL {3}.*none\.json.*\n1 problem found\.\n$/)
  })
})
