import { describe, expect, it } from 'vitest'
import { spoiledCommand, spoiledScript } from '../../../../agent/src/execution/spoiledText.ts'

const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const why = (content: string | Uint8Array, interpreter?: string) =>
  spoiledScript(Buffer.from(content), interpreter, '/bin/sh')

describe('a script whose bytes an editor has changed', () => {
  it.each<[string, string | Uint8Array, string | undefined, RegExp]>([
    ['CRLF behind #!', '#!/bin/bash\r\necho\r\n', undefined, /CRLF/],
    ['CRLF behind #! of another program', '#!/usr/bin/python3\r\nprint(1)\r\n', undefined, /CRLF/],
    ['CRLF behind #! and no more', '#!/bin/sh\r', undefined, /CRLF/],
    ['carriage returns only', '#!/bin/bash\recho\recho\r', undefined, /CRLF/],
    ['CRLF without #!', 'cd /tmp\r\npwd\r\n', undefined, /CRLF/],
    ['CRLF from the second line on', '#!/bin/sh\ncd /tmp\r\npwd\r\n', undefined, /CRLF/],
    ['CRLF in one line', 'echo\ncd /tmp\r\npwd\n', undefined, /CRLF/],
    ['CRLF in its last line', 'echo\ncd /tmp\r', undefined, /CRLF/],
    ['CRLF for a shell that is asked for', 'cd /tmp\r\n', 'bash', /CRLF/],
    ['CRLF for a shell behind env', 'cd /tmp\r\n', '/usr/bin/env bash -e', /CRLF/],
    ['CRLF for a shell behind #!/usr/bin/env', '#!/usr/bin/env zsh\ncd /tmp\r\n', undefined, /CRLF/],
    ['a byte order mark', '\ufeff#!/bin/bash\n[[ 1 ]]\n', undefined, /BOM/],
    ['two byte order marks', '\ufeff\ufeffecho\n', undefined, /BOM/],
    ['a byte order mark for a shell', '\ufeffecho\n', 'sh', /BOM/],
    ['UTF-16', utf16('\ufeff#!/bin/sh\n'), undefined, /UTF-16/],
    ['UTF-16, big end first', utf16('\ufeff#!/bin/sh\n').swap16(), undefined, /UTF-16/],
    ['UTF-16 for an interpreter', utf16('\ufeffprint(1)\n'), 'python3', /UTF-16/],
    ['UTF-16 without a byte order mark', utf16('#!/bin/sh\necho\n'), undefined, /NUL/],
    ['UTF-16, big end first, without one', utf16('#!/bin/sh\n').swap16(), undefined, /NUL/],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1'), undefined, /NUL/],
    ['NUL behind #!', '#!/bin/sh\0\necho\n', undefined, /NUL/],
    ['blanks before #!', '    #!/bin/bash\n[[ 1 ]]\n', undefined, /#! line is not at its very beginning/],
    ['an empty line before #!', '\n#!/usr/bin/env python3\n', undefined, /so \/bin\/sh would run it/],
  ])('is told: %s', (_, content, interpreter, expected) => {
    expect(why(content, interpreter)).toMatch(expected)
  })

  it.each<[string, string | Uint8Array, string?]>([
    ['LF', '#!/bin/bash\necho\n'],
    ['no end of its only line', 'true'],
    ['nothing in it', ''],
    ['CRLF in a here-document', '#!/bin/sh\ncat <<E\r\nx\r\nE\r\n'],
    ['a carriage return within a line', "printf 'a\rb'\n"],
    ['CRLF for another program than a shell', '#!/usr/bin/python3\nprint(1)\r\n'],
    ['CRLF for an interpreter that takes it', '#!/usr/bin/pwsh\r\nGet-Date\r\n', 'pwsh -File'],
    ['a byte order mark for an interpreter that takes it', '\ufeffprint(1)\n', 'python3'],
    ['bytes behind its first line', Buffer.from('#!/bin/sh\nexit\n\0\xff', 'latin1')],
    ['blanks before a #! line that means the same shell', '\n#!/bin/sh\necho\n'],
    ['a comment that is no #! line', '# !/bin/bash\necho\n'],
  ])('is not seen in one with %s', (_, content, interpreter) => {
    expect(why(content, interpreter)).toBeUndefined()
  })
})

describe('a command whose characters an editor has changed', () => {
  it.each([
    ['cd /tmp\r\nrm -rf "$DIR"\r\n', /CRLF/],
    ['echo\ncd /tmp\r\npwd', /CRLF/],
    ['cd /tmp\r', /CRLF/],
    ['\ufeffecho\necho', /BOM/],
  ])('is told: %j', (command, expected) => {
    expect(spoiledCommand(command)).toMatch(expected)
  })

  it.each([["printf 'a\rb'"], ['echo\necho'], ['cat <<E\nx\r\nE'], ['']])('is not seen in %j', (command) => {
    expect(spoiledCommand(command)).toBeUndefined()
  })
})
