// An SQS server for tests, as a process of its own: prints its port, ends when its standard input does.
import { buildApp } from 'fauxqs'

// Not `startFauxqs`: it listens on all interfaces.
const app = buildApp({ logger: false })
await app.listen({ host: '127.0.0.1', port: 0 })
console.log(app.server.address().port)
process.stdin.resume().on('end', () => process.exit())
