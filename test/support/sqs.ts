import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { defaultQueues, type Environment } from '../../src/queues/environment.ts'
import { createQueues, type Queues } from '../../src/queues/queues.ts'

/**
 * The local fleet's SQS server on loopback, in a process of its own. It differs from SQS:
 * - messages come in order, and one that was received goes to the back; none is ever sampled away or given out twice
 *   without cause, and none is twice in one answer
 * - counts are exact
 * - `SenderId` is a user made of the access key id; no signature or policy is checked, and no redrive policy applied
 * - a deleted queue's name can be used again at once, attributes apply at once, and deleting with the handle of an
 *   earlier receive really does not delete
 */
export interface SqsServer {
  /** As in `http://127.0.0.1:43211`. */
  readonly endpoint: string
  /** An environment here with its three queues in place, with the attributes that ours have. */
  environment(name: string): Promise<Environment>
  /** A client of this server; closed by `stop`. */
  connect(): Queues
  stop(): Promise<void>
}

/**
 * Starts the server; ready when this resolves. With `SQS_ENDPOINT` in the environment it is another engine, whose queues are
 * all deleted first: `npm run test:engine` has made sure that there are none but ours.
 * @param onExpired told of each message that is gone because it was older than the retention of its queue; not by others
 */
export async function startSqs(
  onExpired: (queue: string, body: string) => void = () => {},
): Promise<SqsServer> {
  const given = process.env.SQS_ENDPOINT
  if (given === undefined) return startOurs(onExpired)
  const server = serverAt(given, async () => {})
  const queues = server.connect()
  for (const queue of await queues.listQueues('')) await queues.deleteQueue(queue)
  return server
}

async function startOurs(onExpired: (queue: string, body: string) => void): Promise<SqsServer> {
  const program = fileURLToPath(new URL('./sqsProcess.mjs', import.meta.url))
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(server.stdout)
  const [port] = (await once(lines, 'line')) as [string]
  lines.on('line', (line) => {
    const { queue, body } = JSON.parse(line) as { queue: string; body: string }
    onExpired(queue, body)
  })
  return serverAt(`http://127.0.0.1:${port}`, async () => {
    if (server.exitCode !== null) return
    server.stdin.end()
    await once(server, 'exit')
  })
}

function serverAt(endpoint: string, end: () => Promise<void>): SqsServer {
  const clients: Queues[] = []
  const connect = () => {
    const queues = createQueues({ region, endpoint, credentials })
    clients.push(queues)
    return queues
  }
  return {
    endpoint,
    connect,
    async environment(name) {
      const environment = {
        name,
        region,
        endpoint,
        credentials,
        queues: defaultQueues(name),
        protected: false,
      }
      const { commands, replies, facts } = environment.queues
      const queues = connect()
      const common = { visibilitySeconds: 0, retentionSeconds: 60, maximumMessageSize: 65_536 }
      await queues.create(commands, { ...common, waitSeconds: 20 })
      await queues.create(replies, { ...common, waitSeconds: 0 })
      await queues.create(facts, { ...common, waitSeconds: 0 })
      return environment
    },
    async stop() {
      for (const client of clients) client.close()
      await end()
    },
  }
}

const region = 'eu-west-1'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
