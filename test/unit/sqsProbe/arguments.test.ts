import { describe, expect, it } from 'vitest'
import { parseProbeArguments } from '../../sqsProbe/arguments.ts'
import { rows } from '../../sqsProbe/rows.ts'

const parse = (argv: readonly string[], variables: NodeJS.ProcessEnv = {}) =>
  parseProbeArguments(argv, rows, variables)

describe('the arguments of probe:sqs', () => {
  it('are an endpoint or a region, with every row and no agreement by default', () => {
    expect(parse(['--region', 'eu-central-1', '--profile', 'ops'])).toEqual({
      ...{ kind: 'probe', of: 'SQS in eu-central-1', rows, isAgreed: false, json: undefined },
      connection: { region: 'eu-central-1', endpoint: undefined, profile: 'ops', credentials: undefined },
    })
  })

  it('have a key that open servers accept with an endpoint, but not where a profile or key is set', () => {
    const credentialsOf = (argv: readonly string[], variables: NodeJS.ProcessEnv = {}) => {
      const parsed = parse(['--endpoint', 'http://127.0.0.1:9324', ...argv], variables)
      return parsed.kind === 'probe' && parsed.connection.credentials
    }
    expect(credentialsOf([])).toEqual({ accessKeyId: 'test', secretAccessKey: 'test' })
    expect(credentialsOf(['--profile', 'ops'])).toBeUndefined()
    expect(credentialsOf([], { AWS_ACCESS_KEY_ID: 'AKIA' })).toBeUndefined()
  })

  it.each([
    [[], 'Say what to probe: --endpoint URL, or --region REGION'],
    [['--endpoint', 'nonsense'], '--endpoint nonsense: use '],
    [['--region', 'eu-west-1', '--only', 'wake-up,nothing'], 'There is no row nothing. Rows: wake-up, '],
    [['--region', 'eu-west-1', 'more'], 'What is more? See --help.'],
    [['--table'], '--table needs the files that --json wrote'],
    [['--regoin', 'eu-west-1'], "Unknown option '--regoin'"],
  ])('that are wrong are named: %j', (argv, message) => {
    expect(() => parse(argv)).toThrow(message)
  })
})

describe('the rows of the probe', () => {
  it('have names of their own, and say what depends on them', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    for (const { matters, assumed } of rows)
      expect([matters.length, assumed.length].every((n) => n > 10)).toBe(true)
  })
})
