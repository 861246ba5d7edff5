import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AuditedCommand, describeContent, maskSecrets } from '../../../../agent/src/log/audit.ts'
import { chainHeadOf, chainLine, chainStart, verifyChain } from '../../../../agent/src/log/auditChain.ts'
import { AuditLog } from '../../../../agent/src/log/auditLog.ts'
import { LogFile } from '../../../../agent/src/log/logFile.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'))
  path = join(directory, 'audit.log')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const command = { runId: 'run-1', action: 'shell' } as AuditedCommand
const open = (copy?: (line: string) => void) => {
  const errors: string[] = []
  const log = { error: (sentence: string) => errors.push(sentence) }
  return { errors, audit: new AuditLog({ file: new LogFile(path), copy, log, now: () => 0 }) }
}
const text = () => readFileSync(path, 'utf8')

function chainOf(entries: number): string[] {
  const lines: string[] = []
  let head = chainStart
  for (let entry = 1; entry <= entries; entry += 1) {
    const next = chainLine(head, { event: 'ended', entry })
    head = next.head
    lines.push(next.line.trim())
  }
  return lines
}

describe('the audit log', () => {
  it('has a line before and one after a command, in a chain that goes on over restarts', () => {
    open().audit.note('received', command, { content: 'id' })
    const { audit } = open()
    audit.started({ version: '1' })
    audit.note('ended', command, { verdict: 'succeeded' })
    expect(verifyChain(text())).toEqual({ lines: 3, first: 1, last: 3, problems: [] })
    const events = text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event)
    expect(events).toEqual(['received', 'started', 'ended'])
  })

  it('goes on after a line that was cut off by a crash, and verifying tells of that line', () => {
    open().audit.note('received', command)
    writeFileSync(path, `${text()}{"seq":2,"eve`)
    open().audit.note('ended', command, { verdict: 'interrupted' })
    const { lines, problems } = verifyChain(text())
    expect(lines).toBe(2)
    expect(problems).toEqual([expect.stringContaining('Line 2 is not a line of the chain')])
  })

  it('says that a line could not be written, in full, and reports it to its listener', () => {
    rmSync(directory, { recursive: true })
    writeFileSync(directory, 'a file where the directory was')
    const { errors, audit } = open()
    expect(audit.note('received', command)).toBe(false)
    expect(errors).toEqual([expect.stringContaining('"runId":"run-1"')])
  })

  it('gives a copy of each line, as it is in the file', () => {
    const copies: string[] = []
    open((line) => copies.push(line)).audit.note('ended', command)
    expect(copies.join('')).toBe(text())
  })

  it('begins where the last whole line ended, wherever the text is cut', () => {
    const lines = chainOf(3)
    expect(chainHeadOf(`${lines[0]?.slice(9)}\n${lines[1]}\n${lines[2]?.slice(0, 20)}`).seq).toBe(2)
    expect(chainHeadOf('')).toBe(chainStart)
    expect(chainHeadOf('{"time":"of an earlier version"}\n')).toBe(chainStart)
  })
})

describe('a chain of audit lines', () => {
  it('verifies from wherever it begins', () => {
    expect(verifyChain(chainOf(5).slice(2).join('\n'))).toEqual({ lines: 3, first: 3, last: 5, problems: [] })
  })

  it('tells of any line that was changed, removed, moved, or put in between', () => {
    const change = fc.constantFrom('change', 'remove', 'swap', 'insert', 'blank')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), change, (at, how) => {
        const lines = chainOf(10)
        const line = lines[at] as string
        if (how === 'change') lines[at] = line.replace('"ended"', '"other"')
        if (how === 'remove') lines.splice(at, 1)
        if (how === 'swap') lines.splice(at, 2, lines[at + 1] as string, line)
        if (how === 'insert') lines.splice(at, 0, line.replace('"ended"', '"added"'))
        if (how === 'blank') lines[at] = ''
        expect(verifyChain(lines.join('\n')).problems).not.toEqual([])
      }),
    )
  })

  it('tells where a new log was begun', () => {
    const { problems } = verifyChain([...chainOf(3), ...chainOf(2)].join('\n'))
    expect(problems).toEqual([expect.stringContaining('Line 4 begins a new chain after entry 3')])
  })
})

describe('what an audit line holds of a command', () => {
  const shell = (text: string) => ({ kind: 'shell', command: text }) as const

  it('is its digest alone, unless the configuration asks for more', () => {
    expect(describeContent(shell('id'), 'digest')).toEqual({})
    expect(describeContent(shell('id'), 'full')).toEqual({ content: 'id' })
    expect(describeContent({ kind: 'ping' }, 'full')).toEqual({})
    expect(describeContent(shell('x'.repeat(20_000)), 'full')).toMatchObject({ cut: true })
  })

  it.each([
    ['mysql --password=hunter2 -e x', 'mysql --password=*** -e x'],
    ['export API_TOKEN="abc def" && id', 'export API_TOKEN=*** && id'],
    ['curl https://jane:pw@host/x', 'curl https://jane:***@host/x'],
    ['aws configure set AKIAIOSFODNN7EXAMPLE', 'aws configure set AKIA***'],
    ["SECRET='s3' run --secret-key abc", 'SECRET=*** run --secret-key ***'],
    ['uname -a', 'uname -a'],
  ])('is masked where it looks like a secret: %s', (given, masked) => {
    expect(maskSecrets(given)).toBe(masked)
  })
})
