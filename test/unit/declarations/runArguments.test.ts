import { describe, expect, it } from 'vitest'
import { parseRunArguments } from '../../../src/declarations/runArguments.ts'

describe('parseRunArguments', () => {
  it('takes nothing for a flow that asks for everything', () => {
    expect(parseRunArguments(undefined)).toEqual({})
  })

  it('takes what a task says', () => {
    const task = {
      environment: 'testing',
      filter: '*',
      command: 'ls',
      timeout: '5m',
      rollout: { batch: '10%' },
      confirm: false,
    }
    expect(parseRunArguments(task)).toEqual(task)
  })

  it('takes whole numbers and switches where text is wanted', () => {
    const task = { file: 'x.sh', args: ['--port', 8080, true], inputs: { PORT: 443 } }
    expect(parseRunArguments(task)).toMatchObject({
      args: ['--port', '8080', 'true'],
      inputs: { PORT: '443' },
    })
  })

  it.each([
    [{ filter: ' ' }, 'a filter; * means every agent'],
    [{ filter: 'role=' }, '“filter” must be a filter. '],
    [{ comand: 'ls' }, 'Unknown key “comand”. Did you mean “command”?'],
    [
      { comand: 'ls', filter: 'role=(' },
      /^“filter” must be a filter. Expected a value at character 6.*Unknown key “comand”/,
    ],
    [{ file: 'x', args: [1.5] }, 'text (a fraction in quotes)'],
    [{ command: 'ls', snippet: 'x' }, 'only one of command, file and snippet'],
    [{ directory: 'tmp' }, 'an absolute directory'],
    [{ timeout: 'soon' }, 'a duration'],
    [{ rollout: { canary: -1 } }, 'canary must be a number of agents'],
  ])('refuses %j', (value, message) => {
    expect(() => parseRunArguments(value)).toThrow(message)
  })
})
