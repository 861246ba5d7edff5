import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scriptAction, shebangProgram, splitArguments } from '../../../../src/console/send/scriptAction.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

import { inEnglish } from '../../../../src/text/translate.ts'

describe('scriptAction', () => {
  it('carries the exact bytes, whatever they are', () => {
    const content = Uint8Array.from([0, 255, 13, 10, 0xef, 0xbb, 0xbf])
    const action = scriptAction({ name: '/home/anna/fix.sh', content, args: ['a b'] })
    expect(action).toMatchObject({ kind: 'script', name: 'fix.sh', args: ['a b'] })
    expect(new Uint8Array(Buffer.from(action.content, 'base64'))).toEqual(content)
  })

  it('leaves a script with a #! line to that line', () => {
    const action = scriptAction({
      name: 'x',
      content: bytes('#!/bin/bash\nls'),
      args: [],
      languageId: 'python',
    })
    expect(action.interpreter).toBeUndefined()
  })

  it('runs a part of a file by what runs the file', () => {
    const part = { name: 'x', content: bytes('print(1)'), args: [] }
    expect(scriptAction({ ...part, firstLineOfFile: '#!/usr/bin/env -S python3 -u' }).interpreter).toBe(
      'python3',
    )
    expect(scriptAction({ ...part, firstLineOfFile: 'import os', languageId: 'python' }).interpreter).toBe(
      'python3',
    )
    expect(scriptAction({ ...part, languageId: 'shellscript' }).interpreter).toBeUndefined()
    expect(scriptAction({ ...part, languageId: 'python', interpreter: 'python2' }).interpreter).toBe(
      'python2',
    )
  })

  it('always has a name that a server takes', () => {
    expect(scriptAction({ name: '', content: bytes(''), args: [] }).name).toBe('script')
    expect(scriptAction({ name: 'a\nb', content: bytes(''), args: [] }).name).toBe('ab')
  })
})

describe('shebangProgram', () => {
  it.each([
    ['#!/bin/sh -e', '/bin/sh'],
    ['#! /usr/bin/env LANG=C ruby -w', 'ruby'],
    ['# no', undefined],
  ])('of %j is %j', (line, program) => {
    expect(shebangProgram(line)).toBe(program)
  })
})

describe('splitArguments', () => {
  it.each([
    ['', []],
    ["  a 'b c' \"d 'e'\" f\\ g ''", ['a', 'b c', "d 'e'", 'f g', '']],
    ['$HOME `id` *', ['$HOME', '`id`', '*']],
    ['"a\\"b\\\\" --x="1 2"', ['a"b\\', '--x=1 2']],
  ])('splits %j as a shell would, and expands nothing', (line, words) => {
    expect(splitArguments(line, inEnglish)).toEqual(words)
  })

  it('says when a quote is not closed', () => {
    expect(() => splitArguments("it's", inEnglish)).toThrow("Missing closing quotation mark '")
  })

  it('gives back whatever was quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
        expect(splitArguments(line, inEnglish)).toEqual(words)
      }),
    )
  })
})
