import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFacter } from '../../../../agent/src/facts/facter.ts'
import { createFactFile } from '../../../../agent/src/facts/factFile.ts'
import { listFactPrograms } from '../../../../agent/src/facts/factPrograms.ts'
import { createInstanceMetadata, readInstanceMetadata } from '../../../../agent/src/facts/instanceMetadata.ts'
import { type MetadataServer, startMetadataServer } from '../../../support/metadataServer.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'facts-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('a fact file', () => {
  it('is read again when it changes', async () => {
    const path = join(directory, 'facts.yaml')
    const source = createFactFile(path)
    await expect(source.read()).rejects.toThrow('no such file')
    writeFileSync(path, 'role: web')
    expect(await source.read()).toEqual({ role: 'web' })
    writeFileSync(path, 'role: database')
    expect(await source.read()).toEqual({ role: 'database' })
    writeFileSync(path, 'role: [')
    await expect(source.read()).rejects.toThrow()
    rmSync(path)
    await expect(source.read()).rejects.toThrow('no such file')
  })

  it('is understood by its name', async () => {
    writeFileSync(join(directory, 'classes.txt'), 'role::web base')
    writeFileSync(join(directory, 'facts.json'), '{"a": 1}')
    expect(await createFactFile(join(directory, 'classes.txt')).read()).toEqual({
      classes: ['role::web', 'base'],
    })
    expect(await createFactFile(join(directory, 'facts.json')).read()).toEqual({ a: 1 })
    await expect(createFactFile(directory).read()).rejects.toThrow()
  })
})

describe('facter', () => {
  const facter = (command: string, timeoutMs = 5_000) =>
    createFacter(command, { shell: '/bin/sh', timeoutMs }).read()

  it('is a shell command that prints YAML or JSON', async () => {
    expect(await facter('printf "%s\\n" "---" "os:" "  family: Debian" 2>/dev/null')).toEqual({
      os: { family: 'Debian' },
    })
    expect(await facter(`echo '{"a": 1}'`)).toEqual({ a: 1 })
  })

  it('that fails, hangs or prints nonsense is told in words', async () => {
    await expect(facter('echo no ruby >&2; exit 1')).rejects.toThrow('exit code 1: no ruby')
    await expect(facter('exec sleep 60', 200)).rejects.toThrow('did not end within 0.2 s and was stopped')
    await expect(facter('echo "- a"')).rejects.toThrow('expected a map of facts')
    await expect(facter('yes', 5_000)).rejects.toThrow('printed more than')
  })
})

describe('programs of facts.d', () => {
  const program = (name: string, text: string, mode: number) => {
    writeFileSync(join(directory, name), text)
    chmodSync(join(directory, name), mode)
  }
  const read = async () => {
    const sources = await listFactPrograms(directory, { timeoutMs: 5_000 })
    return Promise.all(sources.map((source) => source.read().catch((error: Error) => error.message)))
  }

  it('are executed in the order of their names, beside files', async () => {
    program('20-slot', '#!/bin/sh\necho slot=3', 0o755)
    program('10-role.sh', '#!/bin/sh\necho "role: web"', 0o700)
    program('30-more.json', '{"a": 1}', 0o644)
    program('README', 'nothing', 0o644)
    program('.hidden', '#!/bin/sh\necho x=1', 0o755)
    mkdirSync(join(directory, 'folder'))
    expect(await read()).toEqual([{ role: 'web' }, { slot: '3' }, { a: 1 }])
  })

  it('are not executed when others may change them', async () => {
    program('open', '#!/bin/sh\necho role=web', 0o777)
    expect(await read()).toEqual([expect.stringContaining('not executed, because others')])
  })

  it('may be none', async () => {
    expect(await listFactPrograms(join(directory, 'none'), { timeoutMs: 1 })).toEqual([])
  })
})

describe('EC2 instance metadata', () => {
  let service: MetadataServer

  beforeEach(async () => {
    service = await startMetadataServer()
  })

  afterEach(() => service.stop())

  it('is asked for with a session token, tags included where they are allowed', async () => {
    expect(await readInstanceMetadata(service.endpoint)).toEqual({
      instance_id: 'i-0123456789abcdef0',
      instance_type: 't3.micro',
      availability_zone: 'eu-west-1a',
      region: 'eu-west-1',
      account_id: '123456789012',
      image_id: 'ami-1',
      tags: { Name: 'web-1', role: 'web' },
    })
    service.paths.delete('/latest/meta-data/tags/instance')
    expect(await readInstanceMetadata(service.endpoint)).not.toHaveProperty('tags')
  })

  it('is asked for again after five minutes', async () => {
    let now = 0
    const source = createInstanceMetadata(service.endpoint, () => now)
    await source.read()
    const requests = service.asked.length
    now = 299_000
    await source.read()
    expect(service.asked.length).toBe(requests)
    now = 301_000
    service.paths.set('/latest/meta-data/tags/instance/role', 'database')
    expect(await source.read()).toMatchObject({ ec2: { tags: { role: 'database' } } })
  })

  it('that does not answer is told in words, soon', async () => {
    service.hang()
    await expect(readInstanceMetadata(service.endpoint)).rejects.toThrow(/no answer within 1000 ms/)
  })
})
