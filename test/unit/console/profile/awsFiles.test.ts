import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listProfiles, loginOf } from '../../../../src/console/profile/awsFiles.ts'
import { configFile, credentialsFile } from '../../../../src/console/profile/profiles.ts'
import { readAwsFiles } from '../../../../src/queues/awsProfile.ts'
import { inEnglish } from '../../../../src/text/translate.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aws-files-'))
  vi.stubEnv('AWS_CONFIG_FILE', path.join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(folder, 'credentials'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function profilesOf(config: string, credentials = '') {
  await writeFile(path.join(folder, 'config'), config)
  await writeFile(path.join(folder, 'credentials'), credentials)
  return listProfiles(await readAwsFiles(), inEnglish)
}
const byName = async (config: string, credentials = '') =>
  new Map((await profilesOf(config, credentials)).map((profile) => [profile.name, profile]))

const config = `
[default]
region = eu-west-1

[profile dev] # the usual one
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer

[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = eu-west-1

[profile prod]
role_arn = arn:aws:iam::444455556666:role/Fleet
source_profile = base
mfa_serial = arn:aws:iam::444455556666:mfa/anna
s3 =
  max_concurrent_requests = 20

[profile a]
role_arn = arn:aws:iam::1:role/x
source_profile = b
[profile b]
role_arn = arn:aws:iam::1:role/y
source_profile = a
[profile orphan]
role_arn = arn:aws:iam::1:role/z
source_profile = nobody
[profile vault]
credential_process = /usr/bin/vault aws
[profile empty]
output = json
`

const credentials = `
[default]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = s=e=c
[base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret ; with a comment
`

const sso = `
[profile sso]
sso_start_url = https://corp.example/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = admin
`

describe('listProfiles', () => {
  it('finds the profiles of both files, and nothing that is none', async () => {
    expect([...(await byName(config, credentials)).keys()]).toEqual([
      'default',
      'dev',
      'prod',
      'a',
      'b',
      'orphan',
      'vault',
      'empty',
      'base',
    ])
  })

  it('knows how each gets its credentials', async () => {
    const kinds = [...(await byName(config, credentials))].map(([name, { kind }]) => `${name}: ${kind}`)
    expect(kinds).toEqual(
      expect.arrayContaining(['default: keys', 'dev: sso', 'prod: role', 'vault: process', 'empty: unknown']),
    )
  })

  it('follows a role to its source and finds region, account and MFA device', async () => {
    const profiles = await byName(config, credentials)
    expect(profiles.get('prod')).toMatchObject({
      account: '444455556666',
      sources: ['base'],
      mfaSerial: 'arn:aws:iam::444455556666:mfa/anna',
      problem: undefined,
    })
    expect(profiles.get('default')?.region).toBe('eu-west-1')
  })

  it('says why a profile cannot work', async () => {
    const profiles = await byName(config, credentials)
    expect(profiles.get('a')?.problem).toBe('Its source profiles refer to each other in a circle: a → b → a.')
    expect(profiles.get('orphan')?.problem).toBe('Its source profile “nobody” does not exist.')
    expect(profiles.get('empty')?.problem).toContain('no credentials')
    expect(profiles.get('dev')?.problem).toBeUndefined()
  })

  it('survives files that are none', async () => {
    expect(await profilesOf('\0\0[[[=\n=x\n[unclosed', 'garbage')).toEqual([])
    await rm(path.join(folder, 'config'))
    expect(listProfiles(await readAwsFiles(), inEnglish)).toEqual([])
  })

  it('reads keys that are indented, in blocks and with blanks around', async () => {
    const indented = `[profile dev]\n    region = eu-west-1\n    sso_session = corp\n    sso_account_id = 111122223333\n    sso_role_name = Developer\n\n[sso-session corp]\n    sso_start_url = https://corp.example/start\n    sso_region = eu-west-1\n\n[profile keys]\n\taws_access_key_id=AKIDKEYS\n  aws_secret_access_key = secret\n\n[profile prod]\n  role_arn = arn:aws:iam::444455556666:role/Fleet\n  source_profile = keys\n  mfa_serial = arn:aws:iam::444455556666:mfa/anna\n`
    const profiles = await byName(indented)
    expect(profiles.get('dev')).toMatchObject({ kind: 'sso', region: 'eu-west-1', problem: undefined })
    expect(profiles.get('keys')).toMatchObject({ kind: 'keys', problem: undefined })
    expect(profiles.get('prod')).toMatchObject({
      ...{ kind: 'role', account: '444455556666', mfaSerial: 'arn:aws:iam::444455556666:mfa/anna' },
    })
  })

  it('names a key in capital letters, which AWS does not read', async () => {
    const upper = '[default]\nAWS_ACCESS_KEY_ID=AKIDUPPER\nAWS_SECRET_ACCESS_KEY=secret\n'
    expect((await byName('', upper)).get('default')).toMatchObject({
      kind: 'unknown',
      problem: 'The key AWS_ACCESS_KEY_ID has to be in lower case: AWS does not read it as it is.',
    })
  })

  it('names an SSO session that is missing, or not complete', async () => {
    const profiles = await byName(
      '[profile dev]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Developer\n' +
        '[profile half]\nsso_session = half\nsso_account_id = 1\nsso_role_name = Developer\n' +
        '[sso-session half]\nsso_start_url = https://corp.example/start\n' +
        '[profile over]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = dev\n',
    )
    const missing =
      'Its SSO session “corp” does not exist: there is no [sso-session corp] in the config file.'
    expect(profiles.get('dev')?.problem).toBe(missing)
    expect(profiles.get('half')?.problem).toBe('It is an SSO profile without sso_region.')
    expect(profiles.get('over')?.problem).toBe(`Its source profile “dev”: ${missing}`)
  })

  it('has no profile that the SDK does not find: with blanks in its name, or “profile” in the credentials file', async () => {
    const keys = 'aws_access_key_id = A\naws_secret_access_key = s\n'
    const names = [
      ...(
        await byName(`[profile my team]\n${keys}[profile "quoted"]\n${keys}`, `[profile foo]\n${keys}`)
      ).keys(),
    ]
    expect(names).toEqual(['quoted'])
  })

  it('takes of two sections for the default the one that the SDK takes', async () => {
    const two = '[default]\nregion = eu-west-1\n[profile default]\nregion = eu-west-2\n'
    expect((await byName(two)).get('default')?.region).toBe('eu-west-2')
  })

  it('reads the region behind an empty value', async () => {
    expect((await byName('[profile dev]\ncli_pager=\nregion = us-east-2\n')).get('dev')?.region).toBe(
      'us-east-2',
    )
  })
})

describe('Logging in', () => {
  const chain = `${sso}[profile hop]\nrole_arn = arn:aws:iam::1:role/hop\nsource_profile = sso\n[profile target]\nrole_arn = arn:aws:iam::1:role/t\nsource_profile = hop\n[profile keys]\naws_access_key_id = A\naws_secret_access_key = s\n[profile keyrole]\nrole_arn = arn:aws:iam::1:role/t\nsource_profile = keys\n[profile console]\nlogin_session = arn:aws:iam::1:user/anna\n`

  it.each([
    ['sso', 'sso'],
    ['hop', 'sso'],
    ['target', 'sso'],
    ['console', 'console'],
    ['keys', undefined],
    ['keyrole', undefined],
    ['nobody', undefined],
  ])('for the profile %s is to %s', async (name, login) => {
    expect(loginOf(name, await profilesOf(chain))?.name).toBe(login)
  })
})

describe('The AWS files', () => {
  it('are where the SDK finds them: an empty variable is none, and ~/ is the home directory', () => {
    vi.stubEnv('AWS_CONFIG_FILE', '')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '~/keys/aws')
    expect(configFile()).toBe(path.join(homedir(), '.aws/config'))
    expect(credentialsFile()).toBe(path.join(homedir(), 'keys/aws'))
  })
})
