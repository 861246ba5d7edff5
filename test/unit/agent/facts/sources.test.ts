import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFactDirectory, entryOf } from '../../../../agent/src/facts/factDirectory.ts'
import { createFacter } from '../../../../agent/src/facts/facter.ts'
import { createFactFile } from '../../../../agent/src/facts/factFile.ts'
import { type FactSource, readEvery } from '../../../../agent/src/facts/factSource.ts'
import { createInstanceMetadata, readInstanceMetadata } from '../../../../agent/src/facts/instanceMetadata.ts'
import { createFactReader } from '../../../../agent/src/facts/sources.ts'
import { type Configuration, parseConfiguration } from '../../../../agent/src/settings/configuration.ts'
import { matchesFilter } from '../../../../src/protocol/filter/match.ts'
import { parseFilter } from '../../../../src/protocol/filter/parse.ts'
import { type MetadataServer, startMetadataServer } from '../../../support/metadataServer.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'facts-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const inside = (name: string) => join(directory, name)
const put = (name: string, content: string | Uint8Array, mode = 0o644) => {
  writeFileSync(inside(name), content)
  chmodSync(inside(name), mode)
}
const factsOf = async (source: FactSource) => (await source.read(false)).facts ?? {}

describe('a fact file', () => {
  it('is read again when it changes', async () => {
    const source = createFactFile(inside('facts.yaml'))
    put('facts.yaml', 'role: web')
    expect(await factsOf(source)).toEqual({ role: 'web' })
    put('facts.yaml', 'role: database')
    expect(await factsOf(source)).toEqual({ role: 'database' })
    put('facts.yaml', 'role: [')
    await expect(source.read(false)).rejects.toThrow('not valid YAML')
    await expect(source.read(false)).rejects.toThrow('not valid YAML')
    rmSync(inside('facts.yaml'))
    await expect(source.read(false)).rejects.toThrow('no such file')
  })

  it('that never was there is a note until it is, and a problem when it goes again', async () => {
    const source = createFactFile(inside('puppet/classes.txt'))
    const nothing = {
      facts: undefined,
      problems: [],
      warnings: [expect.stringContaining('no such file yet')],
    }
    expect(await source.read(false)).toEqual(nothing)
    expect(await source.read(true)).toEqual(nothing)
    mkdirSync(inside('puppet'))
    put('puppet/classes.txt', 'base\n')
    expect(await source.read(false)).toEqual({ facts: { classes: ['base'] }, problems: [], warnings: [] })
    rmSync(inside('puppet/classes.txt'))
    await expect(source.read(false)).rejects.toThrow('no such file')
  })

  it('that was there and could not be read is a problem also when it is gone', async () => {
    mkdirSync(inside('facts.yaml'))
    const source = createFactFile(inside('facts.yaml'))
    await expect(source.read(false)).rejects.toThrow('a directory')
    rmSync(inside('facts.yaml'), { recursive: true })
    await expect(source.read(false)).rejects.toThrow('no such file')
  })

  it('is not parsed again as long as it stays as it is', async () => {
    put('facts.json', '{"a": 1}')
    const source = createFactFile(inside('facts.json'))
    const first = await source.read(false)
    expect(await source.read(false)).toBe(first)
    utimesSync(inside('facts.json'), 1, 1)
    expect(await source.read(false)).not.toBe(first)
  })

  it('is understood by its name', async () => {
    put('classes.txt', 'role::web base')
    put('facts.JSON', '{"a": 1}')
    expect(await factsOf(createFactFile(inside('classes.txt')))).toEqual({ classes: ['role::web', 'base'] })
    expect(await factsOf(createFactFile(inside('facts.JSON')))).toEqual({ a: 1 })
  })

  it.each([
    ['UTF-8 with a mark', Buffer.from('\uFEFFrole: café\n')],
    ['UTF-16, little end first', Buffer.from('\uFEFFrole: café\n', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\uFEFFrole: café\n', 'utf16le').swap16()],
  ])('may be %s', async (_, bytes) => {
    put('facts.yaml', bytes)
    expect(await createFactFile(inside('facts.yaml')).read(false)).toEqual({
      facts: { role: 'café' },
      problems: [],
      warnings: [],
    })
    put(
      'facts.json',
      bytes.length > 20 ? Buffer.from('\uFEFF{"role": "café"}', 'utf16le') : '\uFEFF{"role": "café"}',
    )
    expect(await factsOf(createFactFile(inside('facts.json')))).toEqual({ role: 'café' })
  })

  it('that is not UTF-8 is read as Latin-1, and says so', async () => {
    put('facts.yaml', Buffer.from('role: café\n', 'latin1'))
    expect(await createFactFile(inside('facts.yaml')).read(false)).toEqual({
      facts: { role: 'café' },
      problems: [],
      warnings: ['not UTF-8, and read as Latin-1'],
    })
  })

  it('in the Latin-1 of Windows has its quotes and dashes', async () => {
    put('facts.yaml', Buffer.from([...Buffer.from('price: 5 '), 0x80, 0x20, 0x93, 0x41, 0x94, 0x0a]))
    expect(await factsOf(createFactFile(inside('facts.yaml')))).toEqual({ price: '5 € “A”' })
  })

  it('that is not a regular file is refused at once, without waiting for its other end', async () => {
    execFileSync('mkfifo', [inside('facts.yaml')])
    await expect(createFactFile(inside('facts.yaml')).read(false)).rejects.toThrow('not a regular file')
    await expect(createFactFile(directory).read(false)).rejects.toThrow('a directory')
    await expect(createFactFile('/dev/zero').read(false)).rejects.toThrow('not a regular file')
  })

  it('has an end', async () => {
    put('facts.json', `{"a": "${'x'.repeat(5_000_000)}"}`)
    await expect(createFactFile(inside('facts.json')).read(false)).rejects.toThrow(
      'larger than 4194304 bytes',
    )
  })
})

describe('facter', () => {
  const facter = async (command: string, timeoutMs = 5_000) => {
    const { facts = {}, ...rest } = await createFacter(command, { shell: '/bin/sh', timeoutMs }).read(false)
    return { facts, ...rest }
  }

  it('is a shell command that prints YAML or JSON', async () => {
    expect(await facter('printf "%s\\n" "---" "os:" "  family: Debian" 2>/dev/null')).toMatchObject({
      facts: { os: { family: 'Debian' } },
      problems: [],
    })
    expect((await facter(`echo '{"a": 1}'`)).facts).toEqual({ a: 1 })
  })

  it('keeps its facts when one of them failed, and passes on the first thing that it complained of', async () => {
    const command =
      'echo "Error: boom: x" >&2; echo "at boom.rb:1" >&2; printf "%s\\n" "---" "role: web"; exit 1'
    expect(await facter(command)).toEqual({
      facts: { role: 'web' },
      problems: ['exit code 1: Error: boom: x'],
      warnings: [],
    })
  })

  it('is found where Puppet puts it', async () => {
    expect((await facter('echo "path: $PATH"')).facts.path).toMatch(/:\/opt\/puppetlabs\/bin$/)
  })

  it('gives with --show-legacy the facts that filters for the original have', async () => {
    const legacy = '--- "osfamily: Debian" "operatingsystemrelease: 12.5" "ipaddress_eth0.100: 10.0.0.5"'
    const { facts } = await facter(`printf '%s\\n' ${legacy}`)
    expect(matchesFilter(parseFilter('osfamily=Debian and operatingsystemrelease>=12'), facts)).toBe(true)
    expect(matchesFilter(parseFilter('"ipaddress_eth0.100"=10.0.0.5'), facts)).toBe(true)
    expect(matchesFilter(parseFilter('osfamily=RedHat'), facts)).toBe(false)
  })

  it('may write to its output by name', async () => {
    expect((await facter('echo r=1 >/dev/stdout')).facts).toEqual({ r: '1' })
  })

  it.each([
    ['UTF-16 with a byte order mark', "'\\377\\376r\\000=\\0001\\000'", { r: '1' }],
    ['UTF-8 with a byte order mark', "'\\357\\273\\277r=1'", { r: '1' }],
    ['Latin-1', "'r=caf\\351'", { r: 'café' }],
  ])('may print %s', async (_, format, facts) => {
    expect((await facter(`printf ${format}`)).facts).toEqual(facts)
  })

  it('that fails, hangs or prints nonsense is told in words', async () => {
    await expect(facter('echo no ruby >&2; exit 1')).rejects.toThrow('exit code 1: no ruby')
    await expect(facter('echo nonsense; exit 3')).rejects.toThrow('exit code 3')
    await expect(facter('exec sleep 60', 200)).rejects.toThrow('did not end within 0.2 s and was stopped')
    await expect(facter('echo "- a"')).rejects.toThrow('expected a map of facts')
    await expect(facter('yes', 5_000)).rejects.toThrow('printed more than')
    await expect(facter('no-such-facter-here')).rejects.toThrow(
      /exit code 127: .*no-such-facter-here.*not found/,
    )
  })
})

describe('an entry of facts.d', () => {
  const file = (mode: number) => ({ isFile: () => true, mode })

  it.each([
    ['role.yaml', 0o755, { kind: 'file', format: 'yaml' }],
    ['role.YML', 0o777, { kind: 'file', format: 'yaml' }],
    ['role.json', 0o755, { kind: 'file', format: 'json' }],
    ['role.txt', 0o755, { kind: 'file', format: 'pairs' }],
    ['role.yaml', 0o644, { kind: 'file', format: 'yaml' }],
    ['role', 0o755, { kind: 'program' }],
    ['role.sh', 0o700, { kind: 'program' }],
    ['10-old', 0o755, { kind: 'program' }],
    ['.hidden', 0o755, { kind: 'none' }],
  ])('%s (%o) is told by its name first', (name, mode, entry) => {
    expect(entryOf(name, file(mode))).toEqual(entry)
  })

  it.each([
    ['role~', 0o755],
    ['#role#', 0o755],
    ['role.bak', 0o755],
    ['role.sh.BAK', 0o755],
    ['role.yaml.orig', 0o644],
    ['role.rpmsave', 0o755],
    ['role.rpmnew', 0o755],
    ['role.dpkg-old', 0o755],
    ['role.dpkg-dist', 0o755],
    ['role.ucf-dist', 0o755],
    ['role.pacsave.2', 0o755],
    ['.role.swp', 0o755],
    ['role.disabled', 0o755],
    ['README', 0o644],
    ['role.sh', 0o644],
  ])('%s (%o) is neither executed nor read', (name, mode) => {
    expect(entryOf(name, file(mode)).kind).toBe('none')
  })

  it('that is no regular file is left out', () => {
    expect(entryOf('role', { isFile: () => false, mode: 0o755 })).toEqual({
      kind: 'none',
      why: 'not a regular file',
    })
  })
})

describe('facts.d', () => {
  const read = async () => {
    const { sources, warnings, problems } = await createFactDirectory(directory, { timeoutMs: 5_000 })()
    const facts = await Promise.all(
      sources.map((source) => factsOf(source).catch((error: Error) => error.message)),
    )
    return { facts, warnings, problems }
  }

  it('has programs that are executed, and files, in the order of their names', async () => {
    put('20-slot', '#!/bin/sh\nprintf "slot=3\\r\\n"', 0o755)
    put('10-role.sh', '#!/bin/sh\necho "role: web"', 0o700)
    put('30-more.json', '{"a": 1}')
    put('40-rack.txt', 'rack=4\n')
    put('.hidden', '#!/bin/sh\necho x=1', 0o755)
    expect(await read()).toEqual({
      facts: [{ role: 'web' }, { slot: '3' }, { a: 1 }, { rack: '4' }],
      warnings: [],
      problems: [],
    })
  })

  it('reads data as data, even when it is executable', async () => {
    put('role.yaml', `role: web\nx: y > ${inside('proof')}\n`, 0o755)
    expect((await read()).facts).toEqual([{ role: 'web', x: `y > ${inside('proof')}` }])
  })

  it('says what it leaves out', async () => {
    put('role.bak', '#!/bin/sh\necho role=old', 0o755)
    put('README', 'how to')
    mkdirSync(inside('folder'))
    expect(await read()).toEqual({
      facts: [],
      warnings: [
        `${inside('README')} is ignored: neither executable nor named .json, .yaml or .txt`,
        `${inside('folder')} is ignored: not a regular file`,
        `${inside('role.bak')} is ignored: its name is that of a backup or a sample`,
      ],
      problems: [],
    })
  })

  it('executes nothing that others may change', async () => {
    put('open', '#!/bin/sh\necho role=web', 0o777)
    expect((await read()).facts).toEqual([expect.stringContaining('not executed, because others')])
  })

  it('executes nothing that others may exchange, because its directory is theirs', async () => {
    put('closed', '#!/bin/sh\necho role=web', 0o755)
    chmodSync(directory, 0o777)
    expect((await read()).facts).toEqual([expect.stringContaining('not executed, because others')])
  })

  it('keeps what a failing program printed', async () => {
    put('half', '#!/bin/sh\necho role=web; echo "no rack" >&2; exit 2', 0o755)
    const { sources } = await createFactDirectory(directory, { timeoutMs: 5_000 })()
    expect(await sources[0]?.read(false)).toMatchObject({
      facts: { role: 'web' },
      problems: ['exit code 2: no rack'],
    })
  })

  it('may be absent, or empty', async () => {
    expect(await createFactDirectory(inside('none'), { timeoutMs: 1 })()).toMatchObject({ sources: [] })
    expect((await read()).facts).toEqual([])
  })

  it('has the same source for a file as long as that is there', async () => {
    put('a.json', '{"a": 1}')
    const list = createFactDirectory(directory, { timeoutMs: 1 })
    const [first] = (await list()).sources
    put('b.json', '{"b": 1}')
    expect((await list()).sources[0]).toBe(first)
    rmSync(inside('a.json'))
    await list()
    put('a.json', '{"a": 2}')
    expect((await list()).sources[0]).not.toBe(first)
  })
})

describe('a source that is read from time to time', () => {
  function counted() {
    const played = { reads: 0, fails: false }
    const source: FactSource = {
      name: 'facter',
      withinMs: 1,
      async read() {
        played.reads += 1
        if (played.fails) throw new Error('broken')
        return { facts: { reads: played.reads }, problems: [], warnings: [] }
      },
    }
    return { played, source }
  }

  it('says what it said until its time has come, unless it is to be read now', async () => {
    const { played, source } = counted()
    let now = 0
    const rare = readEvery(600_000, source, () => now)
    await rare.read(false)
    now = 599_999
    expect((await rare.read(false)).facts).toEqual({ reads: 1 })
    now = 600_000
    expect((await rare.read(false)).facts).toEqual({ reads: 2 })
    expect((await rare.read(true)).facts).toEqual({ reads: 3 })
    expect(played.reads).toBe(3)
  })

  it('that failed is tried again sooner', async () => {
    const { played, source } = counted()
    let now = 0
    const rare = readEvery(600_000, source, () => now)
    played.fails = true
    await expect(rare.read(false)).rejects.toThrow('broken')
    played.fails = false
    now = 30_000
    await expect(rare.read(false)).rejects.toThrow('broken')
    now = 60_000
    expect((await rare.read(false)).facts).toEqual({ reads: 2 })
  })
})

describe('the sources of a configuration', () => {
  const configure = (facts: object): Configuration =>
    parseConfiguration(
      JSON.stringify({
        facts: { programs: inside('facts.d'), ...facts },
        aws: { region: 'eu-west-1', sqs_read_queue: 'testing_master', sqs_write_queue: 'testing_agent' },
      }),
      'ec2-cagent.json',
    )
  const owner = { agentId: 'agent-1', hostname: 'host', onEc2: false, posture: () => ({}) }
  const runs = () =>
    execFileSync('sh', ['-c', `cat ${inside('ran')} 2>/dev/null | wc -l`])
      .toString()
      .trim()

  it('are made once for it, so that facter runs in its own interval', async () => {
    let configuration = configure({
      use_facter: true,
      facter_cmd: `echo x >> ${inside('ran')}; echo "role: web"`,
    })
    const reader = createFactReader(() => configuration, owner)
    await reader.refresh()
    expect((await reader.refresh()).facts).toMatchObject({ role: 'web', agent: { id: 'agent-1' } })
    expect(runs()).toBe('1')
    await reader.refresh(true)
    expect(runs()).toBe('2')
    configuration = configure({ use_facter: true, facter_cmd: `echo x >> ${inside('ran')}; echo "role: db"` })
    expect((await reader.refresh()).facts).toMatchObject({ role: 'db' })
    expect(runs()).toBe('3')
  })

  it('are read in the order of merging: what operators say comes last', async () => {
    put('facts.yaml', 'hostname: mine\nrole: web\n')
    mkdirSync(inside('facts.d'))
    put('facts.d/role.txt', 'role=db\n')
    const configuration = configure({ facts_path: [inside('facts.yaml')] })
    const { facts } = await createFactReader(() => configuration, owner).refresh()
    expect(facts).toMatchObject({ hostname: 'mine', role: 'db' })
  })

  it('keep a file that is gone as a problem, with its last facts, when the configuration changes', async () => {
    put('facts.yaml', 'role: web\n')
    let configuration = configure({ facts_path: [inside('facts.yaml'), inside('never.yaml')] })
    const reader = createFactReader(() => configuration, owner)
    const before = await reader.refresh()
    expect([before.problems, before.bySource.has(`file ${inside('never.yaml')}`)]).toEqual([[], false])
    rmSync(inside('facts.yaml'))
    configuration = configure({ facts_path: [inside('facts.yaml')], refresh: 60 })
    const after = await reader.refresh()
    expect(after.facts).toMatchObject({ role: 'web' })
    expect(after.problems).toEqual([`file ${inside('facts.yaml')}: no such file`])
  })

  it('ask EC2 for its metadata once in five minutes', async () => {
    const service = await startMetadataServer()
    const configuration = configure({ ec2_metadata: 'always', ec2_metadata_endpoint: service.endpoint })
    const reader = createFactReader(() => configuration, { ...owner, onEc2: true })
    expect((await reader.refresh()).facts).toMatchObject({ ec2: { instance_type: 't3.micro' } })
    const requests = service.asked.length
    await reader.refresh()
    expect(service.asked.length).toBe(requests)
    await reader.refresh(true)
    expect(service.asked.length).toBeGreaterThan(requests)
    service.stop()
  })
})

describe('EC2 instance metadata', () => {
  let service: MetadataServer

  beforeEach(async () => {
    service = await startMetadataServer()
  })

  afterEach(() => service.stop())

  it('is asked for with a session token, tags included where they are allowed', async () => {
    expect(await factsOf(createInstanceMetadata(service.endpoint))).toEqual({
      ec2: {
        instance_id: 'i-0123456789abcdef0',
        instance_type: 't3.micro',
        availability_zone: 'eu-west-1a',
        region: 'eu-west-1',
        account_id: '123456789012',
        image_id: 'ami-1',
        tags: { Name: 'web-1', role: 'web' },
      },
    })
    service.paths.delete('/latest/meta-data/tags/instance')
    expect(await readInstanceMetadata(service.endpoint)).not.toHaveProperty('tags')
  })

  it('that does not answer is told in words, soon', async () => {
    service.hang()
    await expect(readInstanceMetadata(service.endpoint)).rejects.toThrow(/no answer within 1000 ms/)
  })
})
