// Runs a command on the agents that a filter selects, and prints what each of them answered. AWS credentials come from
// where the AWS command line takes them. Bundle it once, then start it:
//
//   npx esbuild examples/runCommand.ts --bundle --platform=node --outfile=runCommand.js
//   AWS_REGION=eu-west-1 node runCommand.js testing 'role=web' 'uptime'
import { openMaster, readFilter } from '../src/master/library.ts'

async function main([name = '', filter = '', command = '']: string[]): Promise<void> {
  const { AWS_REGION: region, AWS_ENDPOINT_URL_SQS: endpoint } = process.env
  if (command === '') throw new Error('Usage: runCommand.js ENVIRONMENT FILTER COMMAND')
  if (region === undefined) throw new Error('Set AWS_REGION to the region of the queues, as in eu-west-1.')
  const { master, close } = await openMaster({
    environment: { name, region, ...(endpoint === undefined ? {} : { endpoint }) },
    folder: '.ec2-collective',
    onWarning: (warning) => console.error(warning),
  })
  try {
    await master.refresh()
    const action = { kind: 'shell', command } as const
    const stop = new AbortController()
    process.once('SIGINT', () => stop.abort())
    const started = await master.start({ filter: readFilter(filter), action, timeoutMs: 60_000 }, stop.signal)
    if (started.kind === 'not-sent') throw new Error('Nothing was sent.')
    const { run } = started
    await run.ended
    for (const { agentId, hostname, state } of run.state.replies.values()) {
      const chunks = await run.output(agentId)
      console.log(`${hostname} ${state}\n${Buffer.concat(chunks.map(({ bytes }) => bytes))}`)
    }
    process.exitCode = run.state.counts.succeeded === run.state.replies.size ? 0 : 1
  } finally {
    await close()
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
})
