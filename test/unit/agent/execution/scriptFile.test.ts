import { describe, expect, it } from 'vitest'
import { shebangOf } from '../../../../agent/src/execution/scriptFile.ts'

describe('the #! line of a script', () => {
  it.each([
    ['#!/bin/sh\necho', ['/bin/sh']],
    ['#! /bin/sh', ['/bin/sh']],
    ['#!/usr/bin/env -S python3 -u\n', ['/usr/bin/env', '-S python3 -u']],
    ['#!/bin/sh -e \r\necho', ['/bin/sh', '-e']],
    ['#!\n', undefined],
    ['#!  \n', undefined],
    ['# !/bin/sh\n', undefined],
    ['echo #!/bin/sh\n', undefined],
    ['', undefined],
  ])('of %j is %j', (content, expected) => {
    expect(shebangOf(Buffer.from(content))).toEqual(expected)
  })

  it('is read in linear time, however many spaces are in it', () => {
    const spaces = ' '.repeat(300_000)
    expect(shebangOf(Buffer.from(`#!${spaces}/bin/sh a${spaces}b${spaces}\n`))).toEqual([
      '/bin/sh',
      `a${spaces}b`,
    ])
  })
})
