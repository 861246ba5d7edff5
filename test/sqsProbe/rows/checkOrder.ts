import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import type { Answer } from '../asking.ts'
import type { Bench } from '../bench.ts'
import { judge, outcomeOf, type Row, unclear } from '../row.ts'

/** What src/queues/permissionProbe.ts tries, so that nothing changes where it is allowed. */
const attempts: Readonly<Record<string, (bench: Bench, QueueUrl: string) => Promise<Answer>>> = {
  SendMessage: (bench, QueueUrl) =>
    bench.ask(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '0', MessageBody: '\0' }] })),
  DeleteMessage: (bench, QueueUrl) =>
    bench.ask(new DeleteMessageBatchCommand({ QueueUrl, Entries: [{ Id: '0', ReceiptHandle: 'probe' }] })),
  ChangeMessageVisibility: (bench, QueueUrl) =>
    bench.ask(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: [{ Id: '0', ReceiptHandle: 'probe', VisibilityTimeout: 0 }],
      }),
    ),
}

export const checkOrderRows: readonly Row[] = Object.entries(attempts).map(([action, attempt]) => ({
  name: `denied-${action}`,
  assumed: `sqs:${action} is checked before what is wrong with the request: who may not is told so`,
  matters: 'the doctor tries permissions without effect: src/queues/permissionProbe.ts',
  requests: 260,
  async look(bench) {
    const url = await bench.queue()
    const { QueueArn = '' } = await bench.attributes(url)
    // The queue's own policy forbids it to everybody, us too. Deleting the queue stays allowed.
    const Statement = ['SendMessage', action].map((denied, index) => ({
      ...{ Sid: `probe${index}`, Effect: 'Deny', Principal: '*' },
      ...{ Action: `sqs:${denied}`, Resource: QueueArn },
    }))
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    const set = await bench.ask(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }))
    if (set.refusal !== undefined) return unclear(`a queue policy: ${outcomeOf(set)}`, { evidence: [set] })
    const isDenied = async () => {
      const sent = await bench.ask(new SendMessageCommand({ QueueUrl: url, MessageBody: 'denied?' }))
      return sent.refusal?.kind === 'forbidden'
    }
    if ((await bench.until(isDenied, bench.patience.changesMs)) === undefined)
      return unclear('policies of queues are not applied')
    const answer = await attempt(bench, url)
    const { Failed = [] } = (answer.output ?? {}) as { Failed?: { Code?: string }[] }
    const seen = Failed[0]?.Code ?? outcomeOf(answer)
    return judge(answer.refusal?.kind === 'forbidden' || /AccessDenied/.test(seen), seen, {
      evidence: [answer],
    })
  },
}))
