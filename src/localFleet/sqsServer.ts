import type { AddressInfo } from 'node:net'
import { buildApp } from 'fauxqs'
// fauxqs takes a store and does not export the class. Bundled, and pinned to the version that this was written for.
import { SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js'
import { writeSettings } from '../queues/queueAttributes.ts'
import { queueRoles, roleSettings } from '../queues/setUp.ts'
import { fleetEnvironments, localRegion } from './fleetServers.ts'
import { applyRetention } from './retention.ts'

/**
 * Entry of `dist/sqsServer.js`: an SQS server on loopback with the queues of the local fleet's environments.
 * Prints its port, and ends when its standard input does. Whoever can send to these queues can execute commands as
 * this user, so each request must be signed with the access key id in `LOCAL_FLEET_KEY`, which is a secret here.
 *
 *   LOCAL_FLEET_KEY=… node sqsServer.js [PORT]
 */
async function serve(): Promise<void> {
  const key = process.env.LOCAL_FLEET_KEY
  if (key === undefined || key === '') throw new Error('LOCAL_FLEET_KEY is missing')
  const store = new SqsStore()
  // Not `startFauxqs`, which listens on all interfaces. The other stores are its own business.
  const app = buildApp({ logger: false, stores: { sqsStore: store } as never })
  app.addHook('onRequest', async (request: Request, reply: Reply) => {
    const signer = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1]
    if (signer !== key) {
      await reply.status(403).header('content-type', 'application/x-amz-json-1.0').send(strangersAnswer)
    } else if (request.headers['x-amz-target'] === 'AmazonSQS.GetQueueAttributes') {
      // fauxqs counts what was received with visibility 0 as hidden until somebody receives again.
      store.processAllTimers()
    }
  })
  await app.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) })
  const { port } = app.server.address() as AddressInfo
  createFleetQueues(store, port)
  setInterval(() => applyRetention(store, Date.now()), 1_000)
  console.log(port)
}

/** The little of fastify that is used here; fauxqs brings it along. */
interface Request {
  readonly headers: Readonly<Record<string, string | undefined>>
}
interface Reply {
  status(code: number): Reply
  header(name: string, value: string): Reply
  send(body: object): Promise<void>
}

const strangersAnswer = {
  __type: 'com.amazonaws.sqs#InvalidClientTokenId',
  message: 'This is a local fleet of EC2 Collective, and these are not its credentials.',
}

function createFleetQueues(store: SqsStore, port: number): void {
  const endpoint = `http://127.0.0.1:${port}`
  for (const { queues } of fleetEnvironments(endpoint, { accessKeyId: '', secretAccessKey: '' })) {
    for (const role of queueRoles) {
      const name = queues[role]
      const arn = `arn:aws:sqs:${localRegion}:000000000000:${name}`
      store.createQueue(name, `${endpoint}/000000000000/${name}`, arn, writeSettings(roleSettings[role]))
    }
  }
}

process.stdin.resume().on('close', () => process.exit())
serve().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
