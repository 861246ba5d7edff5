import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../../../agent/src/log/logFile.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'))
  path = join(directory, 'agent.log')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const text = (name = path) => readFileSync(name, 'utf8')

describe('a log file', () => {
  it('is made with its directory', () => {
    const file = new LogFile(join(directory, 'log/agent.log'))
    expect(file.problem).toBeUndefined()
    expect(file.append('one\n')).toBe(true)
    expect(text(join(directory, 'log/agent.log'))).toBe('one\n')
  })

  it('is reopened after it was moved away', () => {
    const file = new LogFile(path)
    file.append('before\n')
    renameSync(path, `${path}.1`)
    expect(file.reopen()).toBeUndefined()
    file.append('after\n')
    expect([text(`${path}.1`), text()]).toEqual(['before\n', 'after\n'])
  })

  it('goes on in the old file while it cannot be reopened, and changes over as soon as it can', () => {
    const file = new LogFile(path)
    renameSync(path, `${path}.1`)
    mkdirSync(path)
    expect(file.reopen()).toMatch(/agent\.log cannot be opened: EISDIR/)
    expect(file.problem).toMatch(/EISDIR/)
    expect(file.append('kept\n')).toBe(true)
    rmdirSync(path)
    expect(file.append('moved\n')).toBe(true)
    expect(file.problem).toBeUndefined()
    expect([text(`${path}.1`), text()]).toEqual(['kept\n', 'moved\n'])
  })

  it('that cannot be opened takes no lines, says why, and is tried again with each line', () => {
    mkdirSync(path)
    const file = new LogFile(path)
    expect(file.problem).toMatch(/cannot be opened/)
    expect(file.append('lost\n')).toBe(false)
    rmdirSync(path)
    expect(file.append('written\n')).toBe(true)
    expect(text()).toBe('written\n')
  })

  it('whose directory is a file says so', () => {
    new LogFile(path).append('x\n')
    expect(new LogFile(join(path, 'agent.log')).problem).toMatch(/cannot be opened: E(NOTDIR|EXIST)/)
  })

  it('leaves no descriptor behind, however often it is reopened', () => {
    const file = new LogFile(path)
    const openHere = () =>
      readdirSync('/proc/self/fd').filter((name) => linkOf(`/proc/self/fd/${name}`) === path).length
    for (let turn = 0; turn < 50; turn += 1) file.reopen()
    expect(openHere()).toBe(1)
  })
})

function linkOf(name: string): string {
  try {
    return readlinkSync(name)
  } catch {
    return ''
  }
}
