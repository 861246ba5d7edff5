import { parseArgs } from 'node:util'
import { endpointProblem } from '../../src/queues/endpoint.ts'
import type { Connection } from '../../src/queues/sqsClient.ts'
import { localize } from '../../src/text/localizable.ts'
import { inEnglish } from '../../src/text/translate.ts'
import type { Row } from './row.ts'

export const usage = `Usage: npm run probe:sqs -- --endpoint URL | --region REGION [--profile NAME] [options]
       npm run probe:sqs -- --table FILE…

Asks an SQS endpoint, or SQS in a region of your account, each thing that EC2 Collective relies on, in throw-away
queues that are deleted at the end. It asks you first, and names the price.

  --endpoint URL   an SQS-compatible endpoint
  --region REGION  the region; with --endpoint us-east-1 by default
  --profile NAME   AWS profile
  --yes            do not ask
  --only ROW,…     these rows
  --json FILE      write what was seen; test/support/faults/asSeen.ts replays it
  --name NAME      what the run is called in that file
  --table FILE…    print recorded runs beside one another as Markdown

Exit code: 0 nothing differs · 1 something differs · 2 it could not be done, or queues are left
`

export type ProbeArguments =
  | { readonly kind: 'help' }
  | { readonly kind: 'table'; readonly files: readonly string[] }
  | {
      readonly kind: 'probe'
      readonly connection: Connection
      readonly rows: readonly Row[]
      readonly of: string
      readonly isAgreed: boolean
      readonly json: string | undefined
    }

/** @throws Error that says what is wrong with the arguments */
export function parseProbeArguments(
  argv: readonly string[],
  all: readonly Row[],
  variables: NodeJS.ProcessEnv,
): ProbeArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      region: { type: 'string' },
      profile: { type: 'string' },
      yes: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      name: { type: 'string' },
      table: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return { kind: 'help' }
  if (values.table) {
    if (positionals.length === 0) throw new Error('--table needs the files that --json wrote')
    return { kind: 'table', files: positionals }
  }
  if (positionals.length > 0) throw new Error(`What is ${positionals[0]}? See --help.`)
  const { endpoint, profile } = values
  const region = values.region ?? (endpoint === undefined ? undefined : 'us-east-1')
  if (region === undefined) throw new Error('Say what to probe: --endpoint URL, or --region REGION')
  const problem = endpoint === undefined ? undefined : endpointProblem(endpoint)
  if (problem !== undefined) throw new Error(`--endpoint ${endpoint}: use ${localize(problem, inEnglish)}`)
  // Servers on loopback mostly accept every key.
  const isOpen = endpoint !== undefined && profile === undefined && variables.AWS_ACCESS_KEY_ID === undefined
  const credentials = isOpen ? { accessKeyId: 'test', secretAccessKey: 'test' } : undefined
  return {
    kind: 'probe',
    connection: { region, endpoint, profile, credentials },
    rows: chosen(values.only, all),
    of: values.name ?? endpoint ?? `SQS in ${region}`,
    isAgreed: values.yes,
    json: values.json,
  }
}

function chosen(only: string | undefined, all: readonly Row[]): readonly Row[] {
  if (only === undefined) return all
  const names = only.split(',')
  const unknown = names.find((name) => !all.some((row) => row.name === name))
  if (unknown !== undefined)
    throw new Error(`There is no row ${unknown}. Rows: ${all.map(({ name }) => name).join(', ')}`)
  return all.filter(({ name }) => names.includes(name))
}
