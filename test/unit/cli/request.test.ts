import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Arguments, parseArguments } from '../../../src/cli/arguments.ts'
import { requestOf } from '../../../src/cli/request.ts'

const directory = mkdtempSync(join(tmpdir(), 'cmaster-request-'))
afterAll(() => rmSync(directory, { recursive: true }))

const argumentsFor = (path: string) =>
  parseArguments(['--env', 'testing', '--everyone', '-c', `file://${path}`]) as Arguments

describe('the script of ec2-cmaster', () => {
  it('is sent with its exact bytes', () => {
    const path = join(directory, 'exact.sh')
    writeFileSync(path, Buffer.from([0x23, 0xff, 0x00, 0x0d, 0x0a]))
    expect(requestOf(argumentsFor(path)).action).toMatchObject({ name: 'exact.sh', content: 'I/8ADQo=' })
  })

  it('is not read into memory where it has 2 GB', () => {
    const path = join(directory, 'huge.sh')
    writeFileSync(path, '')
    truncateSync(path, 2 * 1024 ** 3)
    expect(() => requestOf(argumentsFor(path))).toThrow(
      'Cannot read the script: it has more than 16,777,216 bytes.',
    )
  })

  it('may come from a pipe', () => {
    const path = join(directory, 'pipe')
    execFileSync('mkfifo', [path])
    // Opening waits for the other side.
    spawn('sh', ['-c', `printf 'echo one' > '${path}'`])
    expect(requestOf(argumentsFor(path)).action).toMatchObject({ content: 'ZWNobyBvbmU=' })
  })
})

describe('A named set in --filter', () => {
  const filterOf = (filter: string, workspace: string) =>
    requestOf(parseArguments(['--env', 'testing', '--filter', filter, '--', 'ls']) as Arguments, workspace)
      .filter.text

  it('is that of the workspace of this directory, written out', () => {
    const folder = join(directory, 'repository')
    mkdirSync(join(folder, '.vscode'), { recursive: true })
    mkdirSync(join(folder, 'ops/deep'), { recursive: true })
    writeFileSync(join(folder, '.vscode/ec2-collective.yaml'), 'sets: { canaries: [web-01, db-01] }\n')
    writeFileSync(join(folder, 'ops/more.fleet.yaml'), 'sets: { web: role=web }\n')
    expect(filterOf('@canaries and @web', join(folder, 'ops/deep'))).toBe(
      'hostname=web-01,db-01 and role=web',
    )
    expect(() => filterOf('@cannaries', folder)).toThrow(
      'There is no set “cannaries” in the workspace files. Did you mean @canaries?',
    )
    // What lies above a workspace may be anybody's.
    mkdirSync(join(folder, 'other/.git'), { recursive: true })
    expect(() => filterOf('@canaries', join(folder, 'other'))).toThrow('There is no set “canaries”')
  })
})
