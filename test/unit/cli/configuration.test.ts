import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Arguments, parseArguments, UsageError } from '../../../src/cli/arguments.ts'
import { environmentOf } from '../../../src/cli/configuration.ts'

const directory = mkdtempSync(join(tmpdir(), 'cmaster-configuration-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** As the original's master read it. */
const aws = {
  region: 'eu-west-1',
  sqs_write_queue: 'testing_master',
  sqs_read_queue: 'testing_agent',
  sqs_facts_queue: 'testing_facts',
}

describe('environmentOf', () => {
  it("reads the original's file", () => {
    const config = write({ aws, general: { log_level: 'INFO', cli_timeout: 10 } })
    expect(environmentOf(args('--config', config), {})).toEqual({
      name: 'testing',
      region: 'eu-west-1',
      queues: { commands: 'testing_master', replies: 'testing_agent', facts: 'testing_facts' },
      protected: false,
    })
  })

  it('reads the same as YAML', () => {
    const config = join(directory, 'config.yaml')
    writeFileSync(
      config,
      `aws:\n${Object.entries(aws)
        .map(([key, value]) => `  ${key}: ${value}\n`)
        .join('')}`,
    )
    expect(environmentOf(args('--config', config), {}).name).toBe('testing')
  })

  it('needs no file: names follow from the environment, the region from AWS', () => {
    expect(
      environmentOf(args('-e', 'staging', '--config', write({ aws })), { AWS_REGION: 'us-east-2' }),
    ).toMatchObject({
      ...{ name: 'staging', region: 'us-east-2', protected: false },
      queues: { commands: 'staging_master', replies: 'staging_agent', facts: 'staging_facts' },
    })
  })

  it('takes the account of the queues from the file, for its environment, and checks it', () => {
    const config = write({ aws: { ...aws, account: '012345678901' } })
    expect(environmentOf(args('--config', config), {}).account).toBe('012345678901')
    expect(
      environmentOf(args('--config', config, '-e', 'other'), { AWS_REGION: 'us-east-1' }).account,
    ).toBeUndefined()
    const wrong = write({ aws: { ...aws, account: 12345678901 } })
    expect(() => environmentOf(args('--config', wrong), {})).toThrow(
      /aws\.account: the 12 digits of an AWS account, in quotes/,
    )
  })

  it('takes the region of the profile where nobody else names one', () => {
    const regionOf = (profile: string | undefined) => (profile === 'dev' ? 'us-east-2' : 'eu-north-1')
    const regionIn = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
      environmentOf(args('-e', 'staging', '--config', write({ aws }), ...argv), env, directory, regionOf)
        .region
    expect(regionIn(['--profile', 'dev'])).toBe('us-east-2')
    expect(regionIn([])).toBe('eu-north-1')
    expect(regionIn(['--profile', 'dev'], { AWS_REGION: 'eu-west-3' })).toBe('eu-west-3')
    expect(regionIn(['--profile', 'dev'], { AWS_REGION: '' })).toBe('us-east-2')
    expect(regionIn(['--profile', 'dev', '--region', 'eu-west-3'])).toBe('eu-west-3')
  })

  it('uses queues that are named otherwise only for the environment that the file names', () => {
    const queues = { sqs_write_queue: 'orders', sqs_read_queue: 'answers', sqs_facts_queue: 'who' }
    const config = write({ aws: { ...aws, ...queues }, general: { environment: 'production' } })
    expect(environmentOf(args('--config', config), {}).queues.commands).toBe('orders')
    expect(environmentOf(args('--config', config, '-e', 'production'), {}).queues.commands).toBe('orders')
    const other = environmentOf(args('--config', config, '-e', 'testing'), { AWS_REGION: 'eu-west-1' })
    expect(other.queues.commands).toBe('testing_master')
  })

  it.each([
    ['of 2 GB', (path: string) => truncateSync(path, 2 * 1024 ** 3), /it has more than 1,048,576 bytes/],
    [
      'of a million values',
      (path: string) => writeFileSync(path, '[,'.repeat(400_000)),
      /too large to be a configuration/,
    ],
    ['that never ends', (path: string) => symlinkSync('/dev/zero', path), /it has more than 1,048,576 bytes/],
  ])('does not read a file %s into memory, and says so', (name, make, sentence) => {
    const config = join(directory, `large ${name}`)
    if (name !== 'that never ends') writeFileSync(config, '')
    make(config)
    const before = process.memoryUsage().rss
    expect(() => environmentOf(args('--config', config), {})).toThrow(sentence)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })

  it('takes the roles of the servers from the file, for its environment, and checks them', () => {
    const config = write({ aws, general: { agent_roles: ['AROASERVERS'] } })
    expect(environmentOf(args('--config', config), {}).agentRoles).toEqual(['AROASERVERS'])
    const other = environmentOf(args('--config', config, '-e', 'staging'), { AWS_REGION: 'eu-west-1' })
    expect(other).not.toHaveProperty('agentRoles')
    const wrong = write({ aws, general: { agent_roles: ['arn:aws:iam::123456789012:role/servers'] } })
    expect(() => environmentOf(args('--config', wrong), {})).toThrow(/agent_roles\.0: the ID of a role: AROA/)
  })

  it('protects what the file or the variable protects, and neither takes it back', () => {
    const is = (content: object, list: string, name = 'testing') =>
      environmentOf(args('--config', write(content), '-e', name), {
        AWS_REGION: 'eu-west-1',
        EC2_COLLECTIVE_PROTECTED: list,
      }).protected
    expect(is({ aws, general: { protected: true } }, '')).toBe(true)
    expect(is({ aws, general: { protected: false } }, 'production, testing')).toBe(true)
    expect(is({ aws, general: { protected: true } }, '', 'staging')).toBe(false)
    expect(is({ aws }, 'test')).toBe(false)
  })

  it('lets the command line have the last word', () => {
    const config = write({ aws: { ...aws, profile: 'ops', endpoint: 'http://127.0.0.1:1' } })
    const given = args(
      '--config',
      config,
      '--region',
      'ap-south-1',
      '--profile',
      'me',
      '--endpoint',
      'http://[::1]:2',
    )
    expect(environmentOf(given, { AWS_REGION: 'x' })).toMatchObject({
      ...{ region: 'ap-south-1', profile: 'me', endpoint: 'http://[::1]:2' },
    })
  })

  it.each<[string, object | string, string[], RegExp]>([
    ['a missing queue', { aws: { region: 'eu-west-1' } }, [], /aws\.sqs_write_queue/],
    [
      'a queue that is none',
      { aws: { ...aws, sqs_read_queue: 'a.fifo' } },
      [],
      /aws\.sqs_read_queue: a queue name/,
    ],
    ['a region that is none', { aws: { ...aws, region: 'Ireland!' } }, [], /aws\.region/],
    ['an endpoint that is none', { aws: { ...aws, endpoint: 'localhost' } }, [], /aws\.endpoint/],
    [
      'an environment that nobody names',
      { aws: { ...aws, sqs_write_queue: 'orders' } },
      [],
      /general\.environment is missing/,
    ],
    ['a file that is no JSON', '{"aws":', [], /neither JSON nor YAML/],
    ['a wrong --env', { aws }, ['-e', 'a/b'], /--env a\/b: use 1 to 48/],
    ['a wrong --endpoint', { aws }, ['--endpoint', 'nonsense'], /--endpoint nonsense: use a URL with https/],
    [
      'an --endpoint in the clear',
      { aws },
      ['--endpoint', 'http://sqs.example'],
      /http:\/\/ is only for this machine/,
    ],
    [
      'a password in --endpoint, which is not printed',
      { aws },
      ['--endpoint', 'https://a:b@sqs.example'],
      /--endpoint https:\/\/…@sqs\.example: use a URL without user name/,
    ],
    [
      'a password in the endpoint',
      { aws: { ...aws, endpoint: 'https://a:b@sqs.example' } },
      [],
      /without user name/,
    ],
    ['no region at all', { aws }, ['-e', 'other'], /No AWS region/],
    [
      'a --region that no partition has',
      { aws },
      ['--region', 'europe'],
      /“europe” is not the name of an AWS reg/,
    ],
    [
      'such a region in the file',
      { aws: { ...aws, region: 'eu-west-1a' } },
      [],
      /“eu-west-1a” is not the name/,
    ],
  ])('says what is wrong with %s', (_, content, argv, sentence) => {
    const given = args('--config', write(content), ...argv)
    expect(() => environmentOf(given, {})).toThrow(UsageError)
    expect(() => environmentOf(given, {})).toThrow(sentence)
  })

  it('takes any name of a region for an SQS server that is not AWS’s', () => {
    const given = args(
      '--config',
      write({ aws }),
      '--region',
      'elasticmq',
      '--endpoint',
      'http://127.0.0.1:9324',
    )
    expect(environmentOf(given, {}).region).toBe('elasticmq')
  })

  it('says which file cannot be read', () => {
    expect(() => environmentOf(args('--config', '/not/there.json'), {})).toThrow(
      /Cannot read \/not\/there.json/,
    )
  })
})

function args(...argv: string[]): Arguments {
  return parseArguments(['--everyone', '-c', 'true', ...argv]) as Arguments
}

let files = 0
function write(content: object | string): string {
  files += 1
  const path = join(directory, `config-${files}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
