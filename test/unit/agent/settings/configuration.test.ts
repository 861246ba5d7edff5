import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  metadataEndpoint,
  parseConfiguration,
  readConfiguration,
} from '../../../../agent/src/settings/configuration.ts'
import { sections } from '../../../../agent/src/settings/configurationFile.ts'

const parse = (content: object) => parseConfiguration(JSON.stringify(content), 'agent.json')
const aws = { region: 'eu-west-1', sqs_read_queue: 'testing_master', sqs_write_queue: 'testing_agent' }

/** As in the README of the original's first form. */
const first = `{
    "general": {
        "log_level": "INFO",
        "timeout": 30,
        "sqs_poll_interval": 1,
        "done_queue_poll_interval": 0.1,
        "yaml_facts": true,
        "yaml_facts_path": "/etc/ec2_collective/facts.yaml,/var/lib/puppet/state/classes.txt",
        "yaml_facts_refresh": 30,
        "use_facts_queue": true
    },
    "aws": {
        "region": "eu-west-1",
        "sqs_read_queue": "testing_master",
        "sqs_write_queue": "testing_agent",
        "sqs_facts_queue": "testing_facts"
    }
}`

/** As in the original's later release. */
const later = `{
    "general": { "log_level": "WARN", "sqs_poll_interval": 1, "queue_poll_interval": 0.1 },
    "facts": {
        "enabled": true,
        "refresh": 60,
        "use_queue": true,
        "use_facter": true,
        "facter_cmd": "facter --puppet --yaml 2> /dev/null",
        "facts_path": ["/var/lib/puppet/state/classes.txt", "/path/to/some/other/file"]
    },
    "aws": {
        "region": "eu-west-1",
        "sqs_read_queue": "testing_master",
        "sqs_write_queue": "testing_agent",
        "sqs_facts_queue": "testing_facts"
    }
}`

describe('a configuration', () => {
  it('is understood in the original’s first form', () => {
    const configuration = parseConfiguration(first, 'agent.json')
    expect(configuration).toMatchObject({
      logLevel: 'info',
      environment: 'testing',
      pollIntervalMs: 1000,
      facts: {
        enabled: true,
        refreshMs: 30_000,
        publish: true,
        facterCommand: undefined,
        paths: ['/etc/ec2_collective/facts.yaml', '/var/lib/puppet/state/classes.txt'],
      },
      queues: {
        region: 'eu-west-1',
        commands: 'testing_master',
        replies: 'testing_agent',
        facts: 'testing_facts',
      },
      warnings: [],
    })
  })

  it('bounds the replies that are not delivered by 1 GiB, or as it says', () => {
    expect(parse({ aws }).undeliveredLimitBytes).toBe(1024 ** 3)
    expect(parse({ aws, general: { undelivered_limit: '64M' } }).undeliveredLimitBytes).toBe(64 * 1024 ** 2)
  })

  it('bounds the replies that are kept for masters by 256 MiB, or as it says', () => {
    expect(parse({ aws }).spoolLimitBytes).toBe(256 * 1024 ** 2)
    expect(parse({ aws, general: { spool_limit: '64M' } }).spoolLimitBytes).toBe(64 * 1024 ** 2)
  })

  it('is understood in the form of the original’s later release', () => {
    const configuration = parseConfiguration(later, 'agent.json')
    expect(configuration).toMatchObject({
      logLevel: 'warn',
      facts: {
        refreshMs: 60_000,
        facterCommand: 'facter --puppet --yaml 2> /dev/null',
        paths: ['/var/lib/puppet/state/classes.txt', '/path/to/some/other/file'],
      },
      warnings: [],
    })
  })

  it('may be YAML', () => {
    const text =
      'general:\n  agent_id: web-1\naws:\n  region: eu-west-1\n  sqs_read_queue: prod_master\n  sqs_write_queue: prod_agent\n'
    expect(parseConfiguration(text, 'agent.yaml')).toMatchObject({ agentId: 'web-1', environment: 'prod' })
  })

  it('may be YAML with merge keys, as people write it', () => {
    const text =
      'x-aws: &aws\n  region: eu-west-1\n  sqs_read_queue: prod_master\naws:\n  <<: *aws\n  sqs_write_queue: prod_agent\n'
    expect(parseConfiguration(text, 'agent.yaml').queues).toMatchObject({
      region: 'eu-west-1',
      replies: 'prod_agent',
    })
  })

  it('with a key twice counts as it stands last, and warns', () => {
    const text = `general:\n  agent_id: a\n  agent_id: b\naws: ${JSON.stringify(aws)}\n`
    expect(parseConfiguration(text, 'agent.yaml')).toMatchObject({
      agentId: 'b',
      warnings: ['agent.yaml: agent_id is there twice (lines 2 and 3): the last one counts'],
    })
  })

  it.each([
    ['UTF-8', Buffer.from(`\uFEFF${JSON.stringify({ aws })}`)],
    ['UTF-16', Buffer.from(`\uFEFF${JSON.stringify({ aws })}`, 'utf16le')],
  ])('may be %s with a byte order mark', async (_, bytes) => {
    const directory = mkdtempSync(join(tmpdir(), 'configuration-'))
    const file = join(directory, 'agent.json')
    writeFileSync(file, bytes)
    expect((await readConfiguration(file)).queues.region).toBe('eu-west-1')
    rmSync(directory, { recursive: true })
  })

  it('takes a log level in any case', () => {
    expect(parse({ aws, general: { log_level: 'info' } }).logLevel).toBe('info')
    expect(parse({ aws, general: { log_level: 'Critical' } }).logLevel).toBe('error')
  })

  it('may name the environment, and must where the queue does not tell it', () => {
    expect(parse({ general: { environment: 'blue' }, aws })).toMatchObject({ environment: 'blue' })
    expect(() => parse({ aws: { ...aws, sqs_read_queue: 'commands' } })).toThrow(
      /general\.environment is missing/,
    )
  })

  it('warns of unknown keys by name, and of what was meant', () => {
    const { warnings } = parse({
      general: { log_levle: 'INFO', stateDir: '/x' },
      extra: {},
      aws: { ...aws, agent_id: 'x' },
    })
    expect(warnings).toEqual([
      'agent.json: Unknown key "general.log_levle".',
      'agent.json: Unknown key "general.stateDir". Did you mean "general.state_dir"?',
      'agent.json: Unknown key "extra".',
      'agent.json: Unknown key "aws.agent_id". Did you mean "general.agent_id"?',
    ])
  })

  it('warns when others may change its file, for it names programs', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'configuration-'))
    const file = join(directory, 'agent.json')
    writeFileSync(file, JSON.stringify({ aws }))
    const warningsAt = async (mode: number) => {
      chmodSync(file, mode)
      return (await readConfiguration(file)).warnings
    }
    expect(await warningsAt(0o644)).toEqual([])
    expect(await warningsAt(0o664)).toEqual([expect.stringContaining('Users other than the agent')])
    expect(await warningsAt(0o666)).toHaveLength(1)
    rmSync(directory, { recursive: true })
  })

  it.each([
    [{}, /aws is missing$/],
    [{ aws: { ...aws, region: undefined } }, /aws\.region is missing$/],
    [
      { aws: { ...aws, region: 'europe' } },
      /aws\.region is "europe": expected an AWS region, as in eu-west-1/,
    ],
    [{ aws: { ...aws, region: 'eu-west-1a' } }, /aws\.region is "eu-west-1a": expected an AWS region/],
    [{ aws: { ...aws, sqs_read_queue: 'a b' } }, /aws\.sqs_read_queue is "a b": expected a queue name/],
    [{ aws, general: { log_level: 'LOUD' } }, /general\.log_level is "LOUD": expected one of DEBUG/],
    [
      { aws, general: { sqs_poll_interval: '1' } },
      /general\.sqs_poll_interval is "1": expected a number of seconds/,
    ],
    [{ aws, general: { max_parallel: 0 } }, /general\.max_parallel is 0: expected at least 1/],
    [{ aws, general: { state_dir: 'here' } }, /general\.state_dir is "here": expected an absolute path/],
    [
      { aws, general: { audit_log: true } },
      /general\.audit_log is true: expected an absolute path, or false/,
    ],
    [
      { aws: { ...aws, endpoint: 'http://10.0.0.1' } },
      /aws\.endpoint is "http:\/\/10\.0\.0\.1": expected a URL with https/,
    ],
    [
      { aws: { ...aws, endpoint: 'https://a:b@x' } },
      /aws\.endpoint is "https:\/\/…@x": expected a URL without user/,
    ],
    [{ aws, facts: { facts_path: 7 } }, /facts\.facts_path is 7: expected a path/],
    [
      { aws, general: { spool_limit: '64k' } },
      /general\.spool_limit is "64k": expected bytes, at least 1 MiB/,
    ],
    [{ aws, general: { spool_limit: 1000 } }, /general\.spool_limit is 1000: expected bytes, at least 1 MiB/],
    [{ aws, general: 'x' }, /general is "x": expected a section with keys/],
    [[], /aws is missing$/],
  ])('that is %j is refused with key and reason', (content, reason) => {
    expect(() => parse(content)).toThrow(reason)
  })

  it('that is not JSON is refused with the file and the place', () => {
    expect(() => parseConfiguration('{ "general": }', 'agent.json')).toThrow(/^agent\.json: .*not valid JSON/)
    expect(() => parseConfiguration('a: [', 'agent.yaml')).toThrow(/^agent\.yaml: /)
  })

  it('is explained key by key in the README', () => {
    const readme = readFileSync(new URL('../../../../agent/README.md', import.meta.url), 'utf8')
    const keys = Object.entries(sections).flatMap(([section, entries]) =>
      Object.keys(entries).map((key) => `\`${section}.${key}\``),
    )
    expect(keys.filter((key) => !readme.includes(key))).toEqual([])
  })

  it('has a sample that is understood without warnings', () => {
    const sample = new URL('../../../../agent/packaging/ec2-cagent.json.sample', import.meta.url)
    expect(parseConfiguration(readFileSync(sample, 'utf8'), 'sample.json').warnings).toEqual([])
  })

  it('has a sample that names no file that a fresh server does not have', () => {
    const sample = new URL('../../../../agent/packaging/ec2-cagent.json.sample', import.meta.url)
    const { facts, requirePolicy } = parseConfiguration(readFileSync(sample, 'utf8'), 'sample.json')
    expect([facts.paths, requirePolicy]).toEqual([[], true])
  })
})

describe('where the metadata service is asked', () => {
  it.each([
    [{}, 'http://169.254.169.254'],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv4' }, 'http://169.254.169.254'],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' }, 'http://[fd00:ec2::254]'],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://10.0.0.1:1338' }, 'http://10.0.0.1:1338'],
    [
      {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://10.0.0.1',
        AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6',
      },
      'http://10.0.0.1',
    ],
    [{ AWS_EC2_METADATA_SERVICE_ENDPOINT: '' }, 'http://169.254.169.254'],
  ])('is where credentials of an instance are asked for, by %j: %s', (env, endpoint) => {
    expect(metadataEndpoint(env)).toBe(endpoint)
  })

  it('is another place for facts and identity when the configuration says so', () => {
    const facts = { ec2_metadata_endpoint: 'http://127.0.0.1:8080' }
    expect(parse({ facts, aws }).facts.ec2MetadataEndpoint).toBe('http://127.0.0.1:8080')
  })
})

describe('the account of the queues', () => {
  it('is that of the credentials unless the configuration names another', () => {
    expect(parse({ aws }).queues.account).toBeUndefined()
    expect(parse({ aws: { ...aws, account: '012345678901' } }).queues.account).toBe('012345678901')
  })

  it('has to be text, as YAML takes a zero in front away', () => {
    expect(() => parse({ aws: { ...aws, account: 12345678901 } })).toThrow(
      /aws\.account.*the 12 digits of an AWS account, in quotes/,
    )
  })
})
