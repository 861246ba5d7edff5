import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { requestDetails } from '../../../src/run/requestDetails.ts'
import type { RunRequest } from '../../../src/run/runRequest.ts'
import { printDetails } from '../../../src/text/detail.ts'
import { inEnglish } from '../../../src/text/translate.ts'

const say = (action: RunRequest['action'], more: Partial<RunRequest> = {}) =>
  printDetails(requestDetails({ action, timeoutMs: 60_000, ...more }, inEnglish))

describe('What a person is told of a request', () => {
  it('is the whole command, and all that decides how it runs', () => {
    const command = 'systemctl status nginx\nrm -rf /srv'
    expect(say({ kind: 'shell', command, user: 'root', directory: '/tmp' }, { rollout: { canary: 1 } })).toBe(
      [
        'Command:',
        '    systemctl status nginx',
        '    rm -rf /srv',
        'User: root',
        'Directory: /tmp',
        'Timeout: 60 s',
        'Rollout: 1 first, then all the others at once, stopping at the first failure',
      ].join('\n'),
    )
  })

  it('shows what cannot be seen', () => {
    const command = `echo \u202e${'\u2800'.repeat(60)}; rm`
    expect(say({ kind: 'shell', command, user: 'ro\u200bot' })).toContain(
      'Command: echo <U+202E><U+2800 × 60>; rm\nUser: ro<U+200B>ot\nDirectory: default of the agent\n',
    )
  })

  it('names every variable, with its value unless that is a secret', () => {
    const environment = { LD_PRELOAD: '/tmp/x.so', TOKEN: 'hunter2', DAYS: '7' }
    const text = say({ kind: 'shell', command: 'true', environment }, { secrets: ['TOKEN'] })
    expect(text).toContain('Variables:\n    LD_PRELOAD=/tmp/x.so\n    TOKEN (secret)\n    DAYS=7\n')
    expect(text).not.toContain('hunter2')
  })

  it('tells a script by size and digest, with its interpreter, its parameters and its text', () => {
    const script = '#!/usr/bin/env  python3\nprint("one")\nprint("two")\n'
    const content = Buffer.from(script).toString('base64')
    const digest = createHash('sha256').update(script).digest('hex')
    expect(say({ kind: 'script', name: 'fix.py', content, args: ['a b', '--force'] })).toContain(
      [
        `Script: fix.py, ${script.length} bytes, SHA-256 ${digest}`,
        "Parameters: 'a b' --force",
        'Interpreter: /usr/bin/env  python3',
        'Text of the script:',
        '    #!/usr/bin/env  python3',
        '    print("one")',
        '    print("two")',
        'User: default of the agent',
      ].join('\n'),
    )
    expect(say({ kind: 'script', name: 'x', content, args: [], interpreter: 'perl -w' })).toContain(
      'Interpreter: perl -w\n',
    )
    expect(say({ kind: 'script', name: 'x', content: '', args: [] })).toContain(
      'Interpreter: shell of the agent\n',
    )
  })

  it('cuts nothing, and breaks lines that an editor would not draw to their end', () => {
    const command = 'x'.repeat(20_000)
    const lines = say({ kind: 'shell', command }).split('\n')
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(120)
    expect(lines.join('').match(/x/g)).toHaveLength(command.length)
  })

  it('says what changes nothing on a server by its name', () => {
    expect(say({ kind: 'ping' })).toBe('Action: ping\nTimeout: 60 s\nRollout: all at once')
  })
})
