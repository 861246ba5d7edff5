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
    [['-c', 'true'], /for whom\?/],
    [['-c', 'true', '--filter', '', '-w', 'a'], /--filter says it all/],
    [['-c', 'true', '--filter', 'a', '--everyone'], /--filter says it all/],
    [['-c', 'true', '--everyone', '-w', 'a'], /exclude one another/],
    [['--everyone'], /no command/],
    [['--everyone', '-c', '  '], /no command/],
    [['--everyone', '-c', 'a', '--', 'b'], /two commands: "a" and "b"/],
    [['--everyone', '-m', 's3', '-c', 'x'], /--mode s3: there are cli, script, ping, count, facts/],
    [['--everyone', '-m', 'script', '-c', 'x.sh'], /file:\/\/PATH/],
    [['--everyone', '-m', 'ping', '--', 'rm', '-rf'], /--mode ping takes no command/],
    [['--everyone', '-m', 'count', '--user', 'root'], /runs nothing/],
    [['--everyone', '-c', 'true', '-p', 'x'], /--parameter is for scripts/],
    [['--everyone', '-c', 'true', '-t', '0'], /--timeout 0: seconds are needed/],
    [['--everyone', '-c', 'true', '-t', ''], /seconds are needed/],
    [['--everyone', '-c', 'true', '-t', '1h'], /seconds are needed/],
    [['--everyone', '-c', 'true', '-t', '604801'], /at most 604800/],
    [['--everyone', '-c', 'true', '--batch', '0'], /at least one agent/],
    [['--everyone', '-c', 'true', '--batch', '0%'], /at least one agent/],
    [['--everyone', '-c', 'true', '--batch', '101%'], /--batch must be .* up to 100%/],
    [['--everyone', '-c', 'true', '--canary', '-1'], /canary/],
    [['--everyone', '-c', 'true', '--canary', '1.5'], /--canary must be a number of agents/],
    [['--everyone', '-c', 'true', '--pause', '5'], /--pause needs --canary or --batch/],
    [['--everyone', '-c', 'true', '--max-failures', '0'], /--max-failures needs --canary or --batch/],
    [['--everyone', '--evryone', '-c', 'true'], /--evryone/],
    [['--everyone', '-c'], /-c/],
  ])('refuses %j in a sentence', (argv, sentence) => {
    expect(() => parseArguments(argv)).toThrow(UsageError)
    expect(() => parseArguments(argv)).toThrow(sentence)
  })

  it('helps, and says its version, whatever else there is', () => {
    expect(parseArguments(['--help', '-c', 'true'])).toBe('help')
    expect(parseArguments(['-V'])).toBe('version')
  })
})

function parse(...argv: string[]): Arguments {
  const args = parseArguments(argv)
  if (typeof args === 'string') throw new Error(args)
  return args
}
