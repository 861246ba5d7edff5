import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diagnoseProbe } from '../../../src/queues/diagnosis.ts'
import { defaultQueues, type Environment } from '../../../src/queues/environment.ts'
import type { Finding } from '../../../src/queues/finding.ts'
import { probeEnvironment } from '../../../src/queues/probe.ts'
import { createQueues, type Queues } from '../../../src/queues/queues.ts'
import { describeStep, executeSetUp, findQueues, planSetUp } from '../../../src/queues/setUp.ts'
import { localize } from '../../../src/text/localizable.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { refusal, startScriptedEndpoint, success } from '../../support/scriptedEndpoint.ts'
import { type SqsServer, startSqs } from '../../support/sqs.ts'

let sqs: SqsServer
let queues: Queues

beforeAll(async () => {
  sqs = await startSqs()
  queues = sqs.connect()
})
afterAll(() => sqs.stop())

describe('doctor', () => {
  it('has nothing to say about an environment that was just set up', async () => {
    const environment = unbuilt('fresh')
    const plan = planSetUp(environment, await findQueues(queues, environment))
    expect(plan.map(({ kind, queue }) => [kind, queue])).toEqual([
      ['create', 'fresh_master'],
      ['create', 'fresh_agent'],
      ['create', 'fresh_facts'],
    ])
    await executeSetUp(queues, plan)
    expect(await findings(environment)).toEqual([])
    expect(planSetUp(environment, await findQueues(queues, environment))).toEqual([])
  })

  it('leaves no trace: no message, and no command hidden', async () => {
    const environment = await sqs.environment('traceless')
    const { commands, replies, facts } = environment.queues
    await queues.send(commands, 'a command')
    await findings(environment)
    const everybody = { waitSeconds: 1, visibilitySeconds: 0 }
    expect((await queues.receive(commands, everybody)).map(({ body }) => body)).toEqual(['a command'])
    expect(await queues.attributes(replies)).toMatchObject({ visible: 0, notVisible: 0 })
    expect(await queues.attributes(facts)).toMatchObject({ visible: 0, notVisible: 0 })
  })

  it('finds planted faults, and its repair cures those of the queues', async () => {
    const environment = await sqs.environment('ill')
    const { commands, replies, facts } = environment.queues
    await queues.setAttributes(commands, { visibilitySeconds: 30, waitSeconds: 0 })
    const { arn: deadLetterTargetArn } = await queues.attributes(replies)
    const redrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 })
    await queues.setAttributes(facts, { retentionSeconds: 345_600, redrivePolicy })
    await queues.deleteQueue(replies)
    expect((await findings(environment)).map(({ code, queue }) => `${code} ${queue}`).sort()).toEqual([
      'missing-queue ill_agent',
      'redrive-policy ill_facts',
      'wrong-attribute ill_facts',
      'wrong-attribute ill_master',
      'wrong-attribute ill_master',
    ])
    const told: string[] = []
    const plan = planSetUp(environment, await findQueues(queues, environment))
    await executeSetUp(queues, plan, (step) => told.push(localize(describeStep(step), inEnglish)))
    // The queues of this test have no tags yet.
    expect(told.filter((step) => !step.startsWith('Tag queue'))).toHaveLength(3)
    expect(await findings(environment)).toEqual([])
  })

  it('finds commands that another consumer hides, and more commands than one receive returns', async () => {
    const environment = await sqs.environment('crowd')
    const { commands } = environment.queues
    for (let index = 0; index < 12; index += 1) await queues.send(commands, `${index}`)
    await queues.receive(commands, { waitSeconds: 0, visibilitySeconds: 600, max: 1 })
    expect((await findings(environment)).map(({ code }) => code)).toEqual([
      'hidden-messages',
      'many-commands',
    ])
  })

  it('finds that the queues are in another region', async () => {
    const environment = await sqs.environment('elsewhere')
    const astray = { ...environment, region: 'eu-west-3' }
    const own = createQueues(astray)
    const found = diagnoseProbe(await probeEnvironment(own, astray, 'master'))
    own.close()
    expect(found.map(({ code }) => code)).toEqual(['wrong-region'])
  })

  it('finds what is forbidden by trying it, without effect', async () => {
    const endpoint = await startScriptedEndpoint((request) => {
      const { operation, input } = request
      const onCommands = String(input.QueueUrl).endsWith('testing_master')
      if (operation === 'SendMessageBatch') {
        return onCommands
          ? refusal('AccessDenied', 'no policy allows it', 403)
          : refusal('InvalidMessageContents')
      }
      if (operation === 'GetQueueAttributes')
        return { body: { Attributes: attributesFor(String(input.QueueUrl)) } }
      return success(request)
    })
    const environment = { ...unbuilt('testing'), endpoint: endpoint.endpoint }
    const own = createQueues(environment)
    const found = diagnoseProbe(await probeEnvironment(own, environment, 'master'))
    own.close()
    await endpoint.stop()
    expect(found).toMatchObject([
      { code: 'forbidden', fix: { allow: { action: 'sqs:SendMessage', queue: 'testing_master' } } },
    ])
  })

  it('reports once that credentials have expired, and once that SQS does not answer', async () => {
    const endpoint = await startScriptedEndpoint(() => refusal('ExpiredToken', 'expired', 403))
    const environment = { ...unbuilt('testing'), endpoint: endpoint.endpoint }
    const own = createQueues(environment)
    const expired = diagnoseProbe(await probeEnvironment(own, environment, 'master'))
    await endpoint.stop()
    const gone = diagnoseProbe(await probeEnvironment(own, environment, 'master'))
    own.close()
    expect(expired.map(({ code }) => code)).toEqual(['credentials'])
    expect(gone.map(({ code }) => code)).toEqual(['unreachable'])
  })
})

function unbuilt(name: string): Environment {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const { endpoint } = sqs
  return { name, region: 'eu-west-1', endpoint, credentials, queues: defaultQueues(name), protected: false }
}

async function findings(environment: Environment): Promise<Finding[]> {
  return diagnoseProbe(await probeEnvironment(queues, environment, 'master'))
}

function attributesFor(url: string): Record<string, string> {
  return {
    VisibilityTimeout: '0',
    MessageRetentionPeriod: '60',
    MaximumMessageSize: '65536',
    ReceiveMessageWaitTimeSeconds: url.endsWith('_master') ? '20' : '0',
    DelaySeconds: '0',
  }
}
