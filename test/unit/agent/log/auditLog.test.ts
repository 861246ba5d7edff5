import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AuditedCommand, describeContent, maskSecrets } from '../../../../agent/src/log/audit.ts'
import { AuditLog } from '../../../../agent/src/log/auditLog.ts'
import { LogFile } from '../../../../agent/src/log/logFile.ts'
import { verifyAuditLines } from '../../../../src/chain/auditChain.ts'
import { linesIn, verifyChain } from '../../../../src/chain/hashChain.ts'

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
  const tell = (sentence: string) => errors.push(sentence)
  const log = { error: tell, warn: tell }
  return {
    errors,
    audit: new AuditLog({ agentId: 'web1', file: new LogFile(path), copy, log, now: () => 0 }),
  }
}
const text = () => readFileSync(path, 'utf8')

describe('the audit log', () => {
  it('has a line before and one after a command, in a chain that goes on over restarts', () => {
    open().audit.note('received', command, { content: 'id' })
    const { audit } = open()
    audit.started({ version: '1' })
    audit.note('ended', command, { verdict: 'succeeded' })
    expect(verifyChain(text())).toEqual({ lines: 3, first: 1, last: 3, unchained: 0, problems: [] })
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
    expect(audit.note('received', command)).toBe('failed')
    expect(errors).toEqual([expect.stringContaining('"runId":"run-1"')])
  })

  it('gives a copy of each line, as it is in the file', () => {
    const copies: string[] = []
    open((line) => copies.push(line)).audit.note('ended', command)
    expect(copies.join('')).toBe(text())
  })
})

describe('the file of an audit log', () => {
  it('begins with a line after logrotate, so that the chain goes on after a restart', () => {
    const { audit } = open()
    audit.note('ended', command)
    renameSync(path, `${path}.1`)
    expect(audit.reopen()).toBeUndefined()
    open().audit.note('ended', command)
    expect(text().split('\n')[0]).toContain('"event":"continued"')
    const both = readFileSync(`${path}.1`, 'utf8') + text()
    expect(verifyChain(both)).toEqual({ lines: 3, first: 1, last: 3, unchained: 0, problems: [] })
  })

  it('goes on in the chain of the file that logrotate moved away while no agent was running', () => {
    open().audit.note('ended', command)
    renameSync(path, `${path}.1`)
    open().audit.started({})
    expect(text()).toContain('"event":"continued"')
    expect(verifyChain(readFileSync(`${path}.1`, 'utf8') + text())).toMatchObject({ lines: 3, problems: [] })
  })

  it('begins with that line also when it can be opened only later', () => {
    const { audit } = open()
    audit.note('ended', command)
    renameSync(path, `${path}.1`)
    mkdirSync(path)
    expect(audit.reopen()).toMatch(/cannot be opened/)
    audit.note('received', command)
    rmdirSync(path)
    audit.note('ended', command)
    expect(text().split('\n')[0]).toContain('"event":"continued"')
    expect(verifyChain(readFileSync(`${path}.1`, 'utf8') + text())).toMatchObject({ lines: 4, problems: [] })
  })

  it.each<[what: string, tamper: (audit: AuditLog) => unknown]>([
    ['emptied', () => truncateSync(path)],
    ['emptied, with a signal', (audit) => [truncateSync(path), audit.reopen()]],
    ['deleted', () => rmSync(path)],
    ['deleted, with a signal', (audit) => [rmSync(path), audit.reopen()]],
    [
      'replaced by an empty one, with a signal',
      (audit) => [rmSync(path), writeFileSync(path, ''), audit.reopen()],
    ],
  ])(
    'that was %s under the agent is told by verifying it: it begins as no file of a log does',
    (_, tamper) => {
      const { audit } = open()
      audit.note('received', command)
      tamper(audit)
      audit.note('ended', command)
      const { first, problems } = verifyAuditLines(linesIn(text()))
      expect(first).toBe(2)
      expect(problems).toEqual([expect.stringContaining('earlier lines were cut off')])
    },
  )

  it('gets no such line when it is the same as before', () => {
    const { audit } = open()
    audit.note('ended', command)
    audit.reopen()
    expect(verifyChain(text()).lines).toBe(1)
  })

  it('that was deleted is made again, and the number of its first line tells that others were before it', () => {
    const { audit } = open()
    audit.note('ended', command)
    rmSync(path)
    audit.note('received', command)
    expect(verifyChain(text())).toEqual({ lines: 1, first: 2, last: 2, unchained: 0, problems: [] })
  })

  it('says in each line whose it is', () => {
    const { audit } = open()
    audit.started({})
    audit.note('ended', command)
    for (const line of text().trim().split('\n')) expect(JSON.parse(line).agentId).toBe('web1')
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

  it.each([
    ['one long word', 'a'.repeat(200_000)],
    ['a word of nothing but names of secrets', 'pass'.repeat(5_000)],
    ['a name of a secret, and spaces', `password${' '.repeat(200_000)}`],
    ['many quotes', `password="'`.repeat(20_000)],
  ])('is masked in linear time: %s', (_, text) => {
    expect(maskSecrets(text).length).toBeLessThanOrEqual(text.length)
  })

  it('has no secret that goes on after the cut', () => {
    const { content } = describeContent(
      shell(`${' '.repeat(16_300)}PASSWORD="${'x'.repeat(40_000)}"`),
      'masked',
    )
    expect(content).toMatch(/ PASSWORD=\*\*\*$/)
  })
})
