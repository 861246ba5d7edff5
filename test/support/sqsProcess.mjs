// An SQS server for tests, as a process of its own: prints its port, then each message that expires, and ends when its standard input does. The server is
// that of the local fleet, open to every key and without any queue. Bundled here, so that no test meets an old build.
import { build, stop } from 'esbuild'

const server = new URL('../../src/localFleet/sqs/httpServer.ts', import.meta.url)
const { outputFiles } = await build({
  entryPoints: [server.pathname],
  ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
})
await stop()
const [{ contents }] = outputFiles
const { startSqsServer } = await import(
  `data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`
)
const { port } = await startSqsServer({
  onExpired: (queue, body) => console.log(JSON.stringify({ queue, body })),
})
console.log(port)
process.stdin.resume().on('end', () => process.exit())
