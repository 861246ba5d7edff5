import { writeSettings } from '../queues/queueAttributes.ts'
import { queueRoles, roleSettings } from '../queues/setUp.ts'
import { fleetEnvironments, localRegion } from './fleetServers.ts'
import { startSqsServer } from './sqs/httpServer.ts'
import type { QueueStore } from './sqs/queueStore.ts'

/**
 * Entry of `dist/sqsServer.js`: an SQS server on loopback with the queues of the local fleet's environments. Prints its
 * port, and ends when its standard input does. Anyone who can send to these queues can execute commands as this user,
 * so each request must be signed with the access key id in `LOCAL_FLEET_KEY`, which is a secret here.
 *
 *   LOCAL_FLEET_KEY=… node sqsServer.js [PORT]
 */
async function serve(): Promise<void> {
  const accessKeyId = process.env.LOCAL_FLEET_KEY
  if (accessKeyId === undefined || accessKeyId === '') throw new Error('LOCAL_FLEET_KEY is missing')
  const { port, store } = await startSqsServer({
    port: Number(process.argv[2] ?? 0),
    accessKeyId,
    rejection: 'This is a local fleet of EC2 Collective, and these are not its credentials.',
  })
  createFleetQueues(store)
  console.log(port)
}

function createFleetQueues(store: QueueStore): void {
  for (const { queues } of fleetEnvironments('', { accessKeyId: '', secretAccessKey: '' })) {
    for (const role of queueRoles) store.create(localRegion, queues[role], writeSettings(roleSettings[role]))
  }
}

process.stdin.resume().on('close', () => process.exit())
serve().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
