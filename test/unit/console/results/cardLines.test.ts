import { describe, expect, it } from 'vitest'
import { patternLines } from '../../../../src/answers/shownPattern.ts'
import { cardLines, lineText } from '../../../../src/console/results/cardLines.ts'

const reply = (text: string, stream: 1 | 2 = 1) =>
  patternLines(text.split('\n').map((line) => ({ stream, text: line })))

function shown(
  all: ReturnType<typeof reply>,
  { majority, isFailure = false, most = 3 }: Partial<Parameters<typeof cardLines>[1]> = {},
) {
  const { lines, areMissing } = cardLines(all, { majority, isFailure, most })
  return lines.map((line) => (areMissing ? '− ' : '') + lineText(line))
}

describe('the lines on a card', () => {
  it('are the first ones of a success, and the last ones of a failure', () => {
    const output = reply('one\ntwo\n\nthree\nfour')
    expect(shown(output)).toEqual(['one', 'two', 'three'])
    expect(shown(output, { isFailure: true })).toEqual(['two', 'three', 'four'])
    expect(shown(output, { most: 12 })).toHaveLength(4)
  })

  it('are of a failure those of stderr, if it has any', () => {
    const output = [...reply('bind() failed', 2), ...reply('configuration ok\nbye')]
    expect(shown(output, { isFailure: true })).toEqual(['bind() failed'])
  })

  it('are only those that the majority does not have', () => {
    const majority = reply('checking\nconfiguration ok\nreloaded\ndone')
    expect(shown(reply('checking\nconfiguration ok\nport in use\ndone'), { majority })).toEqual([
      'port in use',
    ])
    const warns = [...reply('old syntax', 2), ...reply('done')]
    const fails = [...reply('no such file\nold syntax', 2), ...reply('done')]
    expect(shown(fails, { majority: warns, isFailure: true })).toEqual(['no such file'])
  })

  it('differ in words before they differ in values', () => {
    const majority = reply('12:00:01 started\n12:00:02 done')
    expect(shown(reply('12:07:31 started\n12:07:32 retried\n12:07:33 done'), { majority })).toEqual([
      '12:07:32 retried',
    ])
    expect(shown(reply('12:00:01 started\n12:00:09 done'), { majority })).toEqual(['12:00:09 done'])
  })

  it('do not differ in the width of columns', () => {
    const majority = reply('Size  Used Mounted on\n30G     1G /')
    const twoDisks = reply('Size  Used Mounted on\n30G    29G /\n200G  120G /srv')
    expect(shown(twoDisks, { majority })).toEqual(['200G  120G /srv'])
  })

  it('are those that it lacks where it has none of its own', () => {
    const majority = reply('nginx running\ncron running\nssh running')
    expect(shown(reply('nginx running\nssh running'), { majority })).toEqual(['− cron running'])
  })

  it('are still the end of a failure that has only lines of the majority', () => {
    const majority = reply('one\ntwo\nthree')
    expect(shown(reply('one\ntwo'), { majority, isFailure: true })).toEqual(['one', 'two'])
  })

  it('are the first ones where only the order differs', () => {
    expect(shown(reply('b\na'), { majority: reply('a\nb') })).toEqual(['b', 'a'])
  })
})
