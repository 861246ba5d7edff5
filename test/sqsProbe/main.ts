import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { printPrice } from '../../src/queues/price.ts'
import { inEnglish } from '../../src/text/translate.ts'
import { type ProbeArguments, parseProbeArguments, usage } from './arguments.ts'
import { countVerdicts, describeRow } from './printing.ts'
import { mostBilled, namePrefix, runProbe } from './probe.ts'
import { parseRecorded, type Recorded } from './recorded.ts'
import { rows } from './rows.ts'
import { tableOf } from './table.ts'

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`probe:sqs: ${error.message}`)
  return 2
})

async function main(argv: readonly string[]): Promise<number> {
  const args = parseProbeArguments(argv, rows, process.env)
  switch (args.kind) {
    case 'help':
      process.stdout.write(usage)
      return 0
    case 'table': {
      const runs = args.files.map(async (file) => parseRecorded(await readFile(file, 'utf8'), file))
      console.log(tableOf(await Promise.all(runs)))
      return 0
    }
    case 'probe':
      return probe(args)
  }
}

async function probe(args: Extract<ProbeArguments, { kind: 'probe' }>): Promise<number> {
  const stopped = new AbortController()
  const left = endOnSignal(stopped)
  if (!(await isAgreed(args, stopped.signal))) return 2
  const result = await runProbe({
    ...args,
    signal: stopped.signal,
    onRow: (row) => console.log(describeRow(row)),
    onCleaning(names) {
      left.names = names
      console.error(`Deleting ${names.length} queues…`)
    },
  })
  if (args.json !== undefined) {
    const recorded: Recorded = {
      format: 1,
      of: args.of,
      at: new Date().toISOString(),
      rows: [...result.rows],
    }
    await writeFile(args.json, `${JSON.stringify(recorded, undefined, 2)}\n`)
  }
  const price = printPrice(result.billed, inEnglish)
  console.log(
    `\n${args.of}: ${countVerdicts(result.rows)}. About ${result.billed} requests billed, ${price}.`,
  )
  if (result.left.length > 0) {
    console.error(`These queues could not be deleted. Delete them by hand:\n${result.left.join('\n')}`)
    return 2
  }
  if (stopped.signal.aborted) {
    console.error(`Stopped. No queue is left; ${args.rows.length - result.rows.length} rows were not seen.`)
    return 2
  }
  return result.rows.some(({ verdict }) => verdict === 'differs') ? 1 : 0
}

async function isAgreed(
  { rows: chosen, of, isAgreed: isYes }: Extract<ProbeArguments, { kind: 'probe' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const most = mostBilled(chosen)
  console.error(
    `This makes about ${chosen.length} queues named ${namePrefix}-… (${of}), makes at most ${most} requests that are billed (${printPrice(most, inEnglish)} at $0.40 per million), takes about two minutes, and deletes the queues.`,
  )
  if (isYes) return true
  if (!process.stdin.isTTY) {
    console.error('Nothing was sent: there is no terminal to ask on. Add --yes.')
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    const answer = await terminal.question('Type yes to start: ', { signal }).catch(() => '')
    if (answer.trim() === 'yes') return true
    console.error('Nothing was sent.')
    return false
  } finally {
    terminal.close()
  }
}

/** The first signal stops the rows, and the queues are deleted; the second ends the program, and names what is left. */
function endOnSignal(stopped: AbortController): { names: readonly string[] } {
  const left: { names: readonly string[] } = { names: [] }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopped.signal.aborted) {
        console.error(
          `Queues may be left; their names begin with ${left.names[0]?.replace(/\d+$/, '') ?? namePrefix}.`,
        )
        process.exit(2)
      }
      console.error('Stopping. Once more to leave the queues as they are.')
      stopped.abort()
    })
  }
  return left
}
