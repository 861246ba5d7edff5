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
})
