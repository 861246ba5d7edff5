import { describe, expect, it } from 'vitest'
import { type Arguments, parseArguments, UsageError } from '../../../src/cli/arguments.ts'

describe('parseArguments', () => {
  it("takes the original's options", () => {
    expect(
      parse(
        '-w',
        'role=web,memcached',
        '-w',
        'class',
        '-n',
        'az=a',
        '-t',
        '2.5',
        '-l',
        'log',
        '-c',
        'uptime',
      ),
    ).toMatchObject({
      ...{ mode: 'cli', command: 'uptime', with: ['role=web,memcached', 'class'], without: ['az=a'] },
      ...{ timeoutMs: 2500, logFile: 'log', everyone: false },
    })
    expect(parse('-m', 'script', '-c', 'file:///x.sh', '-p', 'a b', '-p-c', '--everyone')).toMatchObject({
      ...{ mode: 'script', command: 'file:///x.sh', parameters: ['a b', '-c'], everyone: true },
    })
    expect(parse('-m', 'count', '-w', 'role=web')).toMatchObject({ mode: 'count', command: undefined })
  })

  it('takes the command from behind --, as it stands', () => {
    expect(parse('--filter', 'role=web', '--', 'ls', '-l', '--everyone')).toMatchObject({
      ...{ command: 'ls -l --everyone', filter: 'role=web', everyone: false },
    })
  })

  it('knows a script by its file://', () => {
    expect(parse('-c', 'file://deploy.sh', '--everyone').mode).toBe('script')
  })

  it('understands a rollout', () => {
    const { rollout } = parse(
      ...[
        '--everyone',
        '-c',
        'true',
        '--canary',
        '1',
        '--batch',
        '10%',
        '--pause',
        '1.5',
        '--max-failures',
        '3',
      ],
    )
    expect(rollout).toEqual({ canary: 1, batch: { percent: 10 }, pauseMs: 1500, maxFailures: { count: 3 } })
    expect(parse('--everyone', '-c', 'true').rollout).toBeUndefined()
  })

  it.each([
    ['60', 60_000],
    ['2.5', 2500],
    ['0.0001', 1],
    ['.5', 500],
    ['5.', 5000],
    ['+5', 5000],
    ['1e3', 1_000_000],
    ['0x10', 16_000],
    [' 5 ', 5000],
    ['604800', 604_800_000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['250ms', 250],
  ])('takes %j as a timeout', (text, timeoutMs) => {
    expect(parse('--everyone', '-c', 'true', '--timeout', text)).toMatchObject({ timeoutMs })
  })

  it.each([
    [['--canary', '2'], { canary: 2 }],
    [['--batch', '3'], { batch: { count: 3 } }],
    [['--batch', '12.5%'], { batch: { percent: 12.5 } }],
    [['--batch', '1', '--pause', '0'], { batch: { count: 1 }, pauseMs: 0 }],
    [['--batch', '1', '--pause', '1.5'], { batch: { count: 1 }, pauseMs: 1500 }],
    [['--batch', '1', '--pause', '5m'], { batch: { count: 1 }, pauseMs: 300_000 }],
    [['--canary', '1', '--max-failures', '0'], { canary: 1, maxFailures: { count: 0 } }],
    [['--canary', '1', '--max-failures', '5%'], { canary: 1, maxFailures: { percent: 5 } }],
  ])('takes %j as a rollout', (argv, rollout) => {
    expect(parse('--everyone', '-c', 'true', ...argv).rollout).toEqual(rollout)
  })

  it.each([
    [['-c', 'true'], /No target/],
    [['-c', 'true', '--filter', '', '-w', 'a'], /--filter cannot be combined/],
    [['-c', 'true', '--filter', 'a', '--everyone'], /--filter cannot be combined/],
    [['-c', 'true', '--everyone', '-w', 'a'], /cannot be combined with --with/],
    [['--everyone'], /No command/],
    [['--everyone', '-c', '  '], /No command/],
    [['--everyone', '-c', 'a', '--', 'b'], /Two commands: "a" and "b"/],
    [['--everyone', '-m', 's3', '-c', 'x'], /--mode s3: use cli, script, ping, count or facts/],
    [['--everyone', '-m', 'script', '-c', 'x.sh'], /file:\/\/PATH/],
    [['--everyone', '-m', 'ping', '--', 'rm', '-rf'], /--mode ping takes no command/],
    [['--everyone', '-m', 'count', '--user', 'root'], /runs no command/],
    [['--everyone', '-c', 'true', '-p', 'x'], /--parameter is for scripts/],
    [['--everyone', '-c', 'true', '-t', '0'], /--timeout 0: use a duration of up to 7 days, such as 60/],
    [['--everyone', '-c', 'true', '-t', ''], /use a duration/],
    [['--everyone', '-c', 'true', '-t', 'soon'], /use a duration/],
    [['--everyone', '-c', 'true', '-t=-1'], /use a duration/],
    [['--everyone', '-c', 'true', '-t', 'Infinity'], /use a duration/],
    [['--everyone', '-c', 'true', '-t', '8d'], /up to 7 days/],
    [['--everyone', '-c', 'true', '-t', '604801'], /up to 7 days/],
    [['--everyone', '-c', 'true', '--batch', '0'], /at least one agent/],
    [['--everyone', '-c', 'true', '--batch', '0%'], /at least one agent/],
    [['--everyone', '-c', 'true', '--batch', '101%'], /--batch must be .* up to 100%/],
    [['--everyone', '-c', 'true', '--canary', '-1'], /canary/],
    [['--everyone', '-c', 'true', '--canary', '1.5'], /--canary must be a number of agents/],
    [['--everyone', '-c', 'true', '--pause', '5'], /--pause needs --canary, --batch or --window/],
    [
      ['--everyone', '-c', 'true', '--max-failures', '0'],
      /--max-failures needs --canary, --batch or --window/,
    ],
    [['--everyone', '--evryone', '-c', 'true'], /--evryone/],
    [['--everyone', '-c'], /-c/],
  ])('refuses %j in a sentence', (argv, sentence) => {
    expect(() => parseArguments(argv)).toThrow(UsageError)
    expect(() => parseArguments(argv)).toThrow(sentence)
  })

  it('prints help or the version, whatever else is given', () => {
    expect(parseArguments(['--help', '-c', 'true'])).toBe('help')
    expect(parseArguments(['-V'])).toBe('version')
  })
})

function parse(...argv: string[]): Arguments {
  const args = parseArguments(argv)
  if (typeof args === 'string') throw new Error(args)
  return args
}

describe('--expect, --yes, --include-unseen and --resume', () => {
  it('are off unless they are given', () => {
    expect(parse('--everyone', '-c', 'true')).toMatchObject({
      ...{ yes: false, expect: undefined, includeUnseen: false, resume: undefined },
    })
    expect(parse('--everyone', '-y', '--expect', '12', '--include-unseen', '-c', 'true')).toMatchObject({
      ...{ yes: true, expect: 12, includeUnseen: true },
    })
  })

  it.each(['0', '-1', '1.5', 'all', ''])('refuses --expect %s', (text) => {
    expect(() => parse('--everyone', `--expect=${text}`, '-c', 'true')).toThrow(
      /use a number of agents, 1 or more/,
    )
  })

  it('refuses what a resumed run has in its record', () => {
    expect(parse('--resume', 'last', '--yes')).toMatchObject({ resume: 'last', command: undefined })
    expect(() => parse('--resume', 'last', '--', 'true')).toThrow('--resume takes no command')
    for (const option of [['--everyone'], ['--filter', 'a=b'], ['--canary', '1'], ['--expect', '1']])
      expect(() => parse('--resume', 'last', ...option)).toThrow(
        `--resume cannot be combined with ${option[0]}.`,
      )
  })

  it('refuses unseen agents in a rollout, whose steps name their agents', () => {
    expect(() => parse('--everyone', '--include-unseen', '--canary', '1', '-c', 'true')).toThrow(/rollout/)
  })
})
