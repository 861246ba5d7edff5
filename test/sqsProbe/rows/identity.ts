import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { callerIdentity, type StsExchange } from '../../../src/queues/callerIdentity.ts'
import { type Answer, createAsking, shortened } from '../asking.ts'
import { differs, judge, outcomeOf, type Row, same, unclear } from '../row.ts'

export const identityRows: readonly Row[] = [
  {
    name: 'other-region',
    assumed: 'A queue of one region is missing in another',
    matters: 'the doctor’s finding wrong-region: src/queues/accessFindings.ts',
    requests: 5,
    async look(bench) {
      const { connection } = bench
      const url = await bench.queue()
      const region = connection.region === 'eu-west-1' ? 'eu-west-3' : 'eu-west-1'
      const asking = createAsking({ ...connection, region })
      try {
        const QueueName = url.slice(url.lastIndexOf('/') + 1)
        const answer = await asking.ask(new GetQueueUrlCommand({ QueueName }), bench.signal)
        const { refusal } = answer
        const seen = `asked for it in ${region}: ${outcomeOf(answer)}`
        if (refusal !== undefined && refusal.kind !== 'missing-queue')
          return unclear(seen, { evidence: [answer] })
        return judge(refusal !== undefined, seen, { evidence: [answer] })
      } finally {
        asking.close()
      }
    },
  },
  {
    name: 'caller-identity',
    assumed: 'STS tells who the caller is',
    matters: 'whom credentials belong to, in confirmations and in the doctor: src/queues/callerIdentity.ts',
    requests: 1,
    async look({ connection, signal }) {
      const evidence: Answer[] = []
      const startedAt = performance.now()
      const record = ({ request, status, text }: StsExchange) => {
        const shown = {
          operation: 'GetCallerIdentity',
          request,
          status,
          headers: {},
          answer: shortened(text),
        }
        evidence.push({ date: undefined, tookMs: performance.now() - startedAt, exchange: shown })
      }
      try {
        const { arn } = await callerIdentity(connection, signal, record)
        // Who it is belongs into no file that is passed on.
        return same(`told, as ${arn.split(':').slice(0, 3).join(':')}:…`)
      } catch (error) {
        return differs((error as Error).message, { evidence })
      }
    },
  },
]
