import { describe, expect, it } from 'vitest'
import { createLog } from '../../../../agent/src/log/log.ts'

describe('the log', () => {
  it('has one line per entry, with time and level, from the level that is asked for', () => {
    const lines: string[] = []
    const log = createLog(
      'info',
      (line) => lines.push(line),
      () => 0,
    )
    log.debug('unheard')
    log.info('heard')
    log.setLevel('error')
    log.warn('unheard')
    log.error('bad')
    expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  heard\n', '1970-01-01T00:00:00.000Z ERROR bad\n'])
  })

  it('does not let others write lines of their own, nor move the cursor', () => {
    const lines: string[] = []
    createLog(
      'info',
      (line) => lines.push(line),
      () => 0,
    ).info('a\n1970 ERROR forged\u001b[2J\u2028x')
    expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  a | 1970 ERROR forged\\u001b[2J\\u2028x\n'])
  })
})
