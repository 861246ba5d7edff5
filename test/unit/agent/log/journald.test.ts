import { closeSync, fstatSync, openSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectedJournal } from '../../../../agent/src/log/journald.ts'
import { createLog } from '../../../../agent/src/log/log.ts'

describe('a log whose standard error is the journal', () => {
  let descriptor: number
  let stream: string

  beforeAll(() => {
    descriptor = openSync('/dev/null', 'w')
    const { dev, ino } = fstatSync(descriptor)
    stream = `${dev}:${ino}`
  })

  afterAll(() => closeSync(descriptor))

  it('has lines with their priority, and without the time, which the journal notes', () => {
    const lines: string[] = []
    const format = connectedJournal({ JOURNAL_STREAM: stream }, descriptor)
    const log = createLog('debug', (line, level) => lines.push(format?.(line, level) ?? ''), Date.now)
    log.error('bad')
    log.warn('odd')
    log.info('done\n<0>forged')
    log.debug('small')
    expect(lines).toEqual([
      '<3>ERROR bad\n',
      '<4>WARN  odd\n',
      '<6>INFO  done | <0>forged\n',
      '<7>DEBUG small\n',
    ])
  })

  it.each([
    ['no variable names a stream', () => undefined],
    ['the variable names another stream, as where a shell of the service has redirected it', () => '1:2'],
    ['the variable is damaged', () => 'x'],
  ])('is none where %s', (_, value) => {
    expect(connectedJournal({ JOURNAL_STREAM: value() }, descriptor)).toBeUndefined()
  })
})
