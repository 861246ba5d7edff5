import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseEnvironmentFile } from '../../../../agent/src/process/environmentFile.ts'
import { readServiceEnvironment } from '../../../../agent/src/process/serviceEnvironment.ts'

describe('an environment file', () => {
  it.each([
    ['A=b\n', { A: 'b' }],
    ['# A=1\n; B=2\n\nC=3\n', { C: '3' }],
    ['A=with blanks  \n', { A: 'with blanks' }],
    ['A="quoted # text" \nB=\'single "x"\'\n', { A: 'quoted # text', B: 'single "x"' }],
    ['A="one\\"two\\\\"\n', { A: 'one"two\\' }],
    ['A=one \\\ntwo\n', { A: 'one two' }],
    ['A=x=y\nB=\n', { A: 'x=y', B: '' }],
    ['A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['not an assignment\n1A=2\nA-B=3\n', {}],
    ['A=1\nA=2\n', { A: '2' }],
  ])('%j is read as systemd reads it', (text, variables) => {
    expect(Object.fromEntries(parseEnvironmentFile(text))).toEqual(variables)
  })
})

describe('the variables of the service', () => {
  let directory: string
  let file: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'environment-'))
    file = join(directory, 'ec2-cagent')
  })

  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const read = (own: Record<string, string>, isSystemd = true) =>
    readServiceEnvironment(own, [file, join(directory, 'none')], isSystemd)

  it('are those of this process where no file says anything else', async () => {
    expect(await read({ PATH: '/bin', AWS_PROFILE: 'me' })).toEqual({
      variables: { PATH: '/bin', AWS_PROFILE: 'me' },
      differs: false,
      notes: [],
    })
    writeFileSync(file, '#AWS_ACCESS_KEY_ID=\n')
    expect(await read({ PATH: '/bin' })).toEqual({ variables: { PATH: '/bin' }, differs: false, notes: [] })
  })

  it('are told to be open when others than their owner may read credentials among them', async () => {
    writeFileSync(file, 'AWS_SECRET_ACCESS_KEY=s\n', { mode: 0o644 })
    expect((await read({ AWS_SECRET_ACCESS_KEY: 's' })).notes).toEqual([
      `Every user of this server can read AWS_SECRET_ACCESS_KEY in ${file}. Run chmod 600 ${file}.`,
    ])
    chmodSync(file, 0o640)
    expect((await read({ AWS_SECRET_ACCESS_KEY: 's' })).notes).toEqual([
      `The group of the file can read AWS_SECRET_ACCESS_KEY in ${file}. Run chmod 600 ${file}.`,
    ])
    chmodSync(file, 0o600)
    expect((await read({ AWS_SECRET_ACCESS_KEY: 's' })).notes).toEqual([])
  })

  it('are those of its file', async () => {
    writeFileSync(file, 'AWS_ACCESS_KEY_ID=key\nNODE_EXTRA_CA_CERTS=/ca.pem\n')
    expect(await read({ PATH: '/bin', AWS_ACCESS_KEY_ID: 'mine' })).toEqual({
      variables: { PATH: '/bin', AWS_ACCESS_KEY_ID: 'key', NODE_EXTRA_CA_CERTS: '/ca.pem' },
      differs: true,
      notes: [],
    })
  })

  it('are no variables of AWS that only a shell has, where systemd starts the service', async () => {
    writeFileSync(file, '# none yet\n')
    const own = { PATH: '/bin', AWS_PROFILE: 'me', AWS_ACCESS_KEY_ID: 'mine' }
    expect(await read(own)).toEqual({
      variables: { PATH: '/bin' },
      differs: true,
      notes: [
        expect.stringMatching(
          /does not see AWS_ACCESS_KEY_ID, AWS_PROFILE of this shell: put them into .*ec2-cagent\./,
        ),
      ],
    })
    expect(await read(own, false)).toMatchObject({ variables: own, differs: false, notes: [] })
  })

  it('are not known where its file cannot be read', async () => {
    const { notes, differs } = await readServiceEnvironment({}, [directory], true)
    expect([notes, differs]).toEqual([[expect.stringContaining(`Cannot read ${directory} (EISDIR)`)], false])
  })
})
