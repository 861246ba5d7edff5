import { describe, expect, it } from 'vitest'
import { sshLogin, ssmSession } from '../../../src/hosts/loginCommands.ts'

describe('an SSM session', () => {
  it('is for an instance, in its region, with the profile of the environment', () => {
    expect(ssmSession('i-0123456789abcdef0', 'eu-west-1', undefined)).toEqual({
      line: 'aws ssm start-session --target i-0123456789abcdef0 --region eu-west-1',
    })
    expect(ssmSession('mi-0123456789abcdef0', 'us-gov-west-1', 'prod.admin')).toEqual({
      line: 'aws ssm start-session --target mi-0123456789abcdef0 --region us-gov-west-1 --profile prod.admin',
    })
  })

  it.each(['my profile', '--endpoint-url', 'a;reboot', '$(reboot)', '`reboot`', 'é', ''])(
    'never has the profile %j on its line, but as a variable',
    (profile) => {
      const command = ssmSession('i-01234567', 'eu-west-1', profile)
      expect(command?.line).toBe('aws ssm start-session --target i-01234567 --region eu-west-1')
      expect(command?.environment).toEqual({ AWS_PROFILE: profile })
    },
  )

  it.each([
    'web-01',
    'i-',
    'i-0123',
    'i-0123456g',
    '-i-01234567',
    'i-01234567;reboot',
    'i-01234567\n',
    'I-01234567',
  ])('is none for the agent %j', (agentId) => {
    expect(ssmSession(agentId, 'eu-west-1', undefined)).toBeUndefined()
  })

  it.each(['', '--debug', 'eu-west-1 --debug', 'eu-west-1;reboot', '$(reboot)'])(
    'is none in the region %j',
    (region) => {
      expect(ssmSession('i-01234567', region, undefined)).toBeUndefined()
    },
  )
})

describe('a login by ssh', () => {
  it.each(['web-01', 'web-01.eu1.example.com', '10.0.0.1', 'fd00::1', 'web_01', 'a'])(
    'is for the name %j',
    (name) => {
      expect(sshLogin(name)).toEqual({ line: `ssh ${name}` })
    },
  )

  it.each([
    '',
    '-oProxyCommand=reboot',
    '--',
    'web;reboot',
    'web reboot',
    'web\nreboot',
    '$(reboot)',
    '`reboot`',
    'web&reboot',
    'web|reboot',
    'root@web',
    "web'",
    'web"',
    'web\\',
    'w<U+0435>b',
    '!!',
    'ssh://web/',
    'a'.repeat(300),
  ])('is none for the name %j, which could mean something else', (name) => {
    expect(sshLogin(name)).toBeUndefined()
  })
})
