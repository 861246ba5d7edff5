import { describe, expect, it } from 'vitest'
import { closestWord } from '../../../src/text/closestWord.ts'

describe('closestWord', () => {
  const known = ['command', 'script', 'file', 'filter', 'args', 'user']

  it.each([
    ['comand', 'command'],
    ['commmand', 'command'],
    ['Command', 'command'],
    ['commnad', 'command'],
    ['flie', 'file'],
    ['filtr', 'filter'],
    ['arg', 'args'],
    ['usr', 'user'],
  ])('finds what %s was meant to be', (word, meant) => {
    expect(closestWord(word, known)).toBe(meant)
  })

  it.each(['shell', 'x', '', 'timeout', 'commandcommand'])('finds nothing for %j', (word) => {
    expect(closestWord(word, known)).toBeUndefined()
  })
})
