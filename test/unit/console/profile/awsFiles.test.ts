import { describe, expect, it } from 'vitest'
import { listProfiles } from '../../../../src/console/profile/awsFiles.ts'
import { inEnglish } from '../../../../src/text/translate.ts'

const config = `
[default]
region = eu-west-1

[profile dev] # the usual one
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Developer

[sso-session corp]
sso_start_url = https://corp.example/start

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
`

const credentials = `
[default]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = s=e=c
[base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret ; with a comment
`

const profiles = new Map(
  listProfiles(config, credentials, inEnglish).map((profile) => [profile.name, profile]),
)

describe('listProfiles', () => {
  it('finds the profiles of both files, and nothing that is none', () => {
    expect([...profiles.keys()]).toEqual([
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

  it('knows how each gets its credentials', () => {
    const kinds = [...profiles].map(([name, { kind }]) => `${name}: ${kind}`)
    expect(kinds).toEqual(
      expect.arrayContaining(['default: keys', 'dev: sso', 'prod: role', 'vault: process', 'empty: unknown']),
    )
  })

  it('follows a role to its source and finds region, account and MFA device', () => {
    expect(profiles.get('prod')).toMatchObject({
      account: '444455556666',
      sources: ['base'],
      mfaSerial: 'arn:aws:iam::444455556666:mfa/anna',
      problem: undefined,
    })
    expect(profiles.get('default')?.region).toBe('eu-west-1')
  })

  it('says why a profile cannot work', () => {
    expect(profiles.get('a')?.problem).toBe('Its source profiles refer to each other in a circle: a → b → a.')
    expect(profiles.get('orphan')?.problem).toBe('Its source profile “nobody” does not exist.')
    expect(profiles.get('empty')?.problem).toContain('no credentials')
  })

  it('survives files that are none', () => {
    expect(listProfiles('\0\0[[[=\n=x\n[unclosed', 'garbage', inEnglish)).toEqual([])
  })
})
