import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { callerIdentity } from '../../../src/queues/callerIdentity.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import type { Connection } from '../../../src/queues/sqsClient.ts'
import {
  type Answer,
  refusal,
  type ScriptedEndpoint,
  type SqsRequest,
  startScriptedEndpoint,
  success,
} from '../../support/scriptedEndpoint.ts'

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('queues, when SQS refuses', () => {
  it.each([
    ['QueueDoesNotExist', 'missing-queue'],
    ['NonExistentQueue', 'missing-queue'],
    ['AccessDenied', 'forbidden'],
    ['AccessDeniedException', 'forbidden'],
    ['ExpiredToken', 'credentials'],
    ['InvalidClientTokenId', 'credentials'],
    ['InvalidSecurity', 'credentials'],
    ['RequestThrottled', 'throttled'],
    ['OverLimit', 'throttled'],
    ['KmsThrottled', 'throttled'],
    ['InvalidMessageContents', 'invalid'],
  ])('understand %s as %s, and leave it to loops to try again', async (code, kind) => {
    const { queues, sqs } = await connect((request) =>
      request.operation === 'SendMessageBatch' ? refusal(code) : success(request),
    )
    await expect(queues.sendBatch('testing_master', ['x'])).rejects.toMatchObject({
      name: 'QueueError',
      kind,
      queue: 'testing_master',
      action: 'sqs:SendMessage',
    })
    expect(operations(sqs)).toEqual(['GetQueueUrl', 'SendMessageBatch'])
  })

  it('understand a 503 that is no JSON, a closed connection and a closed port as network failures', async () => {
    const { queues } = await connect((request, index) => {
      if (request.operation !== 'SendMessageBatch') return success(request)
      return index % 2 === 1 ? { status: 503, headers: { 'content-type': 'text/html' } } : 'reset'
    })
    await expect(queues.sendBatch('testing_master', ['x'])).rejects.toMatchObject({ kind: 'network' })
    await expect(queues.sendBatch('testing_master', ['x'])).rejects.toMatchObject({ kind: 'network' })
    const { endpoint, stop } = await startScriptedEndpoint(success)
    await stop()
    const gone = createQueues({ region: 'eu-west-1', endpoint, credentials })
    cleanUps.push(() => gone.close())
    await expect(gone.receive('q', { waitSeconds: 1, visibilitySeconds: 0 })).rejects.toMatchObject({
      kind: 'network',
      code: 'ECONNREFUSED',
    })
  })

  it('try again what may pass by itself, and count every request but bill only the answered', async () => {
    const answers: Answer[] = [
      refusal('ThrottlingException'),
      'reset',
      { body: { Attributes: { QueueArn: 'arn' } } },
    ]
    const { queues } = await connect((request) =>
      request.operation === 'GetQueueAttributes' ? (answers.shift() ?? {}) : success(request),
    )
    expect((await queues.attributes('testing_master')).arn).toBe('arn')
    expect(queues.requests).toEqual({
      requests: 4,
      billed: 3,
      byOperation: {
        GetQueueUrl: { requests: 1, billed: 1 },
        GetQueueAttributes: { requests: 3, billed: 2 },
      },
    })
  })

  it.each([
    ['RequestTimeTooSkewed', 'skewed'],
    ['RequestExpired', 'expired'],
    ['RequestInTheFuture', 'in the future'],
    ['InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 20260101T005500Z'],
    ['InvalidSignatureException', 'Signature not yet current: 20260101T010000Z is still later than now'],
  ])('sign with SQS’s time from then on when it says %s, %s', async (code, message) => {
    const aheadMs = 3_600_000
    let refused = 0
    const { queues, sqs } = await connect((request) => {
      const sqsTime = Date.now() + aheadMs
      const date = { date: new Date(sqsTime).toUTCString() }
      // As AWS: a signature that is more than five minutes old or young is refused, whoever's it is.
      if (Math.abs(sqsTime - request.signedAt) <= 300_000)
        return { ...(success(request) as object), headers: date }
      refused += 1
      return { ...(refusal(code, message, 403) as object), headers: date }
    })
    for (let sent = 0; sent < 3; sent += 1) await queues.send('testing_master', 'x')
    expect(operations(sqs)).toEqual([
      'GetQueueUrl',
      'GetQueueUrl',
      'SendMessage',
      'SendMessage',
      'SendMessage',
    ])
    expect(refused).toBe(1)
    expect(queues.clockOffsetMs).toBeGreaterThan(3_590_000)
    expect(queues.clockOffsetMs).toBeLessThan(3_610_000)
  })

  it('ask for the URL of a queue once, and again after SQS did not find it', async () => {
    const { queues, sqs } = await connect((request, index) =>
      request.operation === 'SendMessage' && index === 2 ? refusal('QueueDoesNotExist') : success(request),
    )
    await queues.send('testing_master', '1')
    await expect(queues.send('testing_master', '2')).rejects.toMatchObject({ kind: 'missing-queue' })
    await queues.send('testing_master', '3')
    expect(operations(sqs)).toEqual([
      'GetQueueUrl',
      'SendMessage',
      'SendMessage',
      'GetQueueUrl',
      'SendMessage',
    ])
  })

  it('talk to their endpoint, whatever host queue URLs name', async () => {
    const { queues, sqs } = await connect(success)
    await queues.send('testing_master', 'x')
    expect(sqs.requests.map(({ host }) => host)).toEqual([
      new URL(sqs.endpoint).host,
      new URL(sqs.endpoint).host,
    ])
  })

  it('end a long poll with the reason of the signal, at once', async () => {
    const polling = new AbortController()
    const { queues } = await connect((request) => {
      if (request.operation !== 'ReceiveMessage') return success(request)
      polling.abort(new Error('enough'))
      return 'hang'
    })
    const poll = queues.receive('testing_master', { waitSeconds: 20, visibilitySeconds: 0 }, polling.signal)
    await expect(poll).rejects.toThrow('enough')
    await expect(queues.send('testing_master', 'x', polling.signal)).rejects.toThrow('enough')
  })

  it('serve a hundred long polls at a time under one signal, without a word on stderr', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    cleanUps.push(() => process.off('warning', onWarning))
    const polling = new AbortController()
    const { queues, sqs } = await connect((request) => {
      if (request.operation !== 'ReceiveMessage') return success(request)
      if (sqs.requests.filter(({ operation }) => operation === 'ReceiveMessage').length === 100)
        polling.abort()
      return 'hang'
    })
    await queues.send('testing_master', 'x')
    const polls = Array.from({ length: 100 }, () =>
      queues.receive('testing_master', { waitSeconds: 20, visibilitySeconds: 0 }, polling.signal),
    )
    const outcomes = await Promise.allSettled(polls)
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
    expect(warnings).toEqual([])
  })

  it('give a message that is twice in one answer once, with its later handle', async () => {
    const message = (MessageId: string, ReceiptHandle: string) => ({
      MessageId,
      ReceiptHandle,
      Body: MessageId,
    })
    const { queues } = await connect((request) =>
      request.operation === 'ReceiveMessage'
        ? { body: { Messages: [message('a', '1'), message('b', '2'), message('a', '3')] } }
        : success(request),
    )
    const messages = await queues.receive('testing_master', { waitSeconds: 1, visibilitySeconds: 0 })
    expect(messages.map(({ messageId, receiptHandle }) => [messageId, receiptHandle])).toEqual([
      ['a', '3'],
      ['b', '2'],
    ])
  })

  it('ignore what can no longer be deleted, and report other failures', async () => {
    const failing = (Code: string) => ({
      body: { Failed: [{ Id: '0', Code, SenderFault: true, Message: 'no' }] },
    })
    const gone = ['ReceiptHandleIsInvalid', 'MessageNotInflight', 'InvalidParameterValue']
    const answers = [...gone, 'AccessDenied'].map(failing)
    const { queues } = await connect((request) =>
      request.operation === 'DeleteMessageBatch' ? (answers.shift() ?? {}) : success(request),
    )
    const message = {
      messageId: 'm',
      body: '',
      receiptHandle: 'r',
      sentAt: 0,
      senderId: undefined,
      receiveCount: 1,
    }
    for (const _ of gone) await queues.delete('testing_agent', [message])
    await expect(queues.delete('testing_agent', [message])).rejects.toMatchObject({
      kind: 'forbidden',
      action: 'sqs:DeleteMessage',
    })
  })
})

describe('credentials of queues', () => {
  it('are those of the profile, and read again after SQS refused them', async () => {
    const file = await awsFile('[ops]\naws_access_key_id = AKIAOLD\naws_secret_access_key = s\n')
    const { queues, sqs } = await connect(
      (request) => (request.accessKeyId === 'AKIAOLD' ? refusal('ExpiredToken') : success(request)),
      { profile: 'ops' },
    )
    await expect(queues.send('testing_master', 'x')).rejects.toMatchObject({ kind: 'credentials' })
    await writeFile(file, '[ops]\naws_access_key_id = AKIANEW\naws_secret_access_key = s\n')
    await queues.send('testing_master', 'x')
    expect([...new Set(sqs.requests.map(({ accessKeyId }) => accessKeyId))]).toEqual(['AKIAOLD', 'AKIANEW'])
  })

  it('that do not exist are told in words, with the profile', async () => {
    await awsFile('[ops]\naws_access_key_id = AKIA\naws_secret_access_key = s\n')
    const { queues, sqs } = await connect(success, { profile: 'nobody' })
    const error = await queues.send('testing_master', 'x').catch((cause: Error) => cause)
    expect(error).toMatchObject({ kind: 'credentials' })
    expect((error as Error).message).toContain('AWS profile nobody has no usable credentials')
    expect(sqs.requests).toEqual([])
  })

  it('of a role that needs MFA ask for a code, and say so where nobody can be asked', async () => {
    await awsFile(
      [
        '[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s',
        '[ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = base',
        'mfa_serial = arn:aws:iam::123456789012:mfa/ada\n',
      ].join('\n'),
    )
    const silent = await connect(success, { profile: 'ops' })
    const error = await silent.queues.send('testing_master', 'x').catch((cause: Error) => cause)
    expect(error).toMatchObject({ kind: 'credentials' })
    expect((error as Error).message).toContain('requires multi-factor authentication')

    const asked: string[] = []
    const mfaCode = (serial: string) => {
      asked.push(serial)
      return Promise.reject(new Error('the person closed the box'))
    }
    const asking = await connect(success, { profile: 'ops', mfaCode })
    await expect(asking.queues.send('testing_master', 'x')).rejects.toThrow()
    expect(asked).toEqual(['arn:aws:iam::123456789012:mfa/ada'])
  })

  it('without a profile are those of the environment variables', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 's')
    const { queues, sqs } = await connect(success, {})
    await queues.send('testing_master', 'x')
    expect(sqs.requests[0]?.accessKeyId).toBe('AKIAENV')
  })
})

describe('caller identity', () => {
  it('is asked for with the credentials of the connection, and is nothing when STS does not name it', async () => {
    const { sqs } = await connect(success)
    const identity = callerIdentity({ region: 'eu-west-1', endpoint: sqs.endpoint, credentials })
    await expect(identity).rejects.toMatchObject({ name: 'QueueError', action: 'sts:GetCallerIdentity' })
    expect(sqs.requests[0]?.accessKeyId).toBe('AKIATEST')
  })
})

async function connect(
  answer: (request: SqsRequest, index: number) => Answer,
  as: Omit<Connection, 'region' | 'endpoint'> = { credentials },
): Promise<{ queues: Queues; sqs: ScriptedEndpoint }> {
  const sqs = await startScriptedEndpoint(answer)
  const queues = createQueues({ region: 'eu-west-1', endpoint: sqs.endpoint, ...as })
  cleanUps.push(
    () => sqs.stop(),
    () => queues.close(),
  )
  return { queues, sqs }
}

async function awsFile(content: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'aws-'))
  cleanUps.push(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'credentials')
  await writeFile(file, content)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
  vi.stubEnv('AWS_CONFIG_FILE', path.join(directory, 'config'))
  return file
}

function operations({ requests }: ScriptedEndpoint): string[] {
  return requests.map(({ operation }) => operation)
}
