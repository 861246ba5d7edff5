import { describe, expect, it } from 'vitest'
import { parseInvocation } from '../../../../agent/src/process/arguments.ts'
import { UsageError } from '../../../../agent/src/process/usageError.ts'

describe('the command line', () => {
  it('starts in the background with the original’s files when it says nothing', () => {
    expect(parseInvocation([])).toEqual({
      kind: 'serve',
      configFile: undefined,
      mode: 'background',
      logFile: '/var/log/ec2_collective/ec2-cagent.log',
      pidFile: '/var/run/ec2_collective/ec2-cagent.pid',
      untilStdinCloses: false,
      restartsItself: false,
    })
  })

  it('has the original’s flags, short and long', () => {
    expect(parseInvocation(['-f'])).toMatchObject({ mode: 'terminal' })
    expect(parseInvocation(['--foreground'])).toMatchObject({ mode: 'terminal' })
    expect(parseInvocation(['-s', '-l', '/l', '-p', '/p'])).toMatchObject({
      mode: 'supervised',
      logFile: '/l',
      pidFile: '/p',
    })
    expect(parseInvocation(['--supervisor', '--logfile=/l', '--pidfile', '/p'])).toMatchObject({
      mode: 'supervised',
      logFile: '/l',
      pidFile: '/p',
    })
    expect(parseInvocation(['-h'])).toEqual({ kind: 'help' })
  })

  it('prints facts, checks and tells its version', () => {
    expect(parseInvocation(['facts', '--json', '-c', '/c'])).toEqual({
      kind: 'facts',
      configFile: '/c',
      json: true,
    })
    expect(parseInvocation(['--check'])).toEqual({ kind: 'check', configFile: undefined })
    expect(parseInvocation(['--version'])).toEqual({ kind: 'version' })
  })

  it('asks the running agent for a restart', () => {
    expect(parseInvocation(['restart-when-idle', '-c', '/c'])).toEqual({
      kind: 'restart-when-idle',
      configFile: '/c',
      waitSeconds: undefined,
    })
    expect(parseInvocation(['restart-when-idle', '--wait', '90'])).toMatchObject({ waitSeconds: 90 })
  })

  it.each([
    ['restart-when-idle', '--wait', '0'],
    ['restart-when-idle', '--wait', '1m'],
    ['restart-when-idle', 'now'],
    ['--wait', '5'],
  ])('refuses %s %s %s', (...argv) => {
    expect(() => parseInvocation(argv)).toThrow(UsageError)
  })

  it.each([['--nonsense'], ['fact'], ['facts', 'os'], ['--json'], ['--config']])(
    'refuses %s %s',
    (...argv) => {
      expect(() => parseInvocation(argv)).toThrow(UsageError)
    },
  )
})
