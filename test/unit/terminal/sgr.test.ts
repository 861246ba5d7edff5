import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applySgr,
  plainSgr,
  printSgr,
  styledTexts,
  terminalColour,
  withoutSgr,
} from '../../../src/terminal/sgr.ts'

function printed(...parameters: string[]): string {
  return printSgr(parameters.reduce(applySgr, plainSgr))
}

describe('SGR', () => {
  it('adds up and takes back attributes and colours', () => {
    expect(printed('1', '31', '44')).toBe('\x1b[1;31;44m')
    expect(printed('1;3;4;31', '22;39')).toBe('\x1b[3;4m')
    expect(printed('91;100', '0')).toBe('')
    expect(printed('31', '')).toBe('')
  })

  it('understands palette and true colour in both spellings', () => {
    expect(printed('38;5;208')).toBe('\x1b[38;5;208m')
    expect(printed('38;2;1;2;3', '48:2::4:5:6')).toBe('\x1b[38;2;1;2;3;48;2;4;5;6m')
    expect(printed('38;2;1;2')).toBe('')
    expect(printed('38;5;999')).toBe('')
    expect(printed('58;5;3', '32')).toBe('\x1b[32m')
  })

  it('knows no concealed and no blinking text', () => {
    expect(printed('8;5;6')).toBe('')
  })

  it('resets before it changes, so that nothing stays from before', () => {
    const red = applySgr(plainSgr, '31')
    expect(printSgr(applySgr(red, '1'), red)).toBe('\x1b[0;1;31m')
    expect(printSgr(plainSgr, red)).toBe('\x1b[0m')
  })

  it('comes off again', () => {
    expect(withoutSgr('\x1b[1;31merror\x1b[0m: no')).toBe('error: no')
  })

  it('is read again as it was printed: pieces of text with their looks, and all of the text', () => {
    const code = fc.constantFrom(
      '0',
      '1',
      '2',
      '3',
      '4',
      '7',
      '9',
      '22',
      '24',
      '31',
      '97',
      '38;5;208',
      '48;2;1;2;3',
      '39',
    )
    const written = fc.array(fc.tuple(code, fc.string({ unit: fc.constantFrom('a', 'é', '[', 'm', '漢') })))
    fc.assert(
      fc.property(written, (parts) => {
        let sgr = plainSgr
        let line = ''
        const wanted: { text: string; sgr: object }[] = []
        for (const [parameters, text] of parts) {
          const next = applySgr(sgr, parameters)
          line += printSgr(next, sgr) + text
          sgr = next
          if (text !== '') wanted.push({ text, sgr })
        }
        expect(glued(styledTexts(line))).toEqual(glued(wanted))
        expect(
          styledTexts(line)
            .map(({ text }) => text)
            .join(''),
        ).toBe(withoutSgr(line))
      }),
    )
  })

  it('has the colours of the theme by name, and all others as red, green and blue', () => {
    const colour = (parameters: string) => terminalColour(applySgr(plainSgr, parameters).foreground)
    expect(colour('31')).toEqual({ kind: 'named', name: 'red' })
    expect(colour('97')).toEqual({ kind: 'named', name: 'bright-white' })
    expect(colour('38;5;9')).toEqual({ kind: 'named', name: 'bright-red' })
    expect(colour('38;5;16')).toEqual({ kind: 'rgb', rgb: [0, 0, 0] })
    expect(colour('38;5;208')).toEqual({ kind: 'rgb', rgb: [255, 135, 0] })
    expect(colour('38;5;255')).toEqual({ kind: 'rgb', rgb: [238, 238, 238] })
    expect(colour('38;2;1;2;3')).toEqual({ kind: 'rgb', rgb: [1, 2, 3] })
    expect(colour('39')).toBeUndefined()
    expect(terminalColour(applySgr(plainSgr, '104').background)).toEqual({
      kind: 'named',
      name: 'bright-blue',
    })
    expect(terminalColour(applySgr(plainSgr, '48;5;3').background)).toEqual({ kind: 'named', name: 'yellow' })
  })
})

/** Neighbours of one look are one. */
function glued(pieces: readonly { text: string; sgr: object }[]): { text: string; sgr: object }[] {
  const all: { text: string; sgr: object }[] = []
  for (const { text, sgr } of pieces) {
    const last = all.at(-1)
    if (last !== undefined && JSON.stringify(last.sgr) === JSON.stringify(sgr)) last.text += text
    else all.push({ text, sgr })
  }
  return all
}
