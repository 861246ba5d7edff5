import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { createQueues } from '../../../src/queues/queues.ts'
import { needlessMiddleware } from '../../../src/queues/sqsClient.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

describe('createSqsClient', () => {
  it('leaves out only what the SDK has, or an update would bring it back unseen', () => {
    const whole = new SQSClient({ region: 'eu-west-1', credentials }).middlewareStack.identify().join('\n')
    for (const name of [...needlessMiddleware, 'retryMiddleware']) expect(whole).toContain(`${name} - `)
  })

  it('says in each request who makes it', async () => {
    const requests: IncomingHttpHeaders[] = []
    const server = createServer((request, response) => {
      requests.push(request.headers)
      response.end('{"QueueUrl":"http://localhost/000000000000/q","MessageId":"1"}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const queues = createQueues({ region: 'eu-west-1', endpoint: `http://127.0.0.1:${port}`, credentials })
    await queues.send('q', 'body')
    queues.close()
    server.close()
    expect(requests).toHaveLength(2)
    for (const headers of requests)
      expect(headers['user-agent']).toMatch(/^ec2-collective aws-sdk-js\/3\.\d+\.\d+$/)
  })
})
