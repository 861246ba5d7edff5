import { describe, expect, it } from 'vitest'
import { baseEnvironment } from '../../../../agent/src/execution/baseEnvironment.ts'
import { findUser, lookUpUser, ownUser } from '../../../../agent/src/execution/users.ts'

const passwd =
  'root:x:0:0:root:/root:/bin/bash\ndeploy:x:1001:1002:De Ploy,,,:/srv/deploy:/bin/sh\nodd:x:5:6:::\n'

describe('a user', () => {
  it('is found by name only', () => {
    expect(findUser(passwd, 'deploy')).toEqual({ name: 'deploy', uid: 1001, gid: 1002, home: '/srv/deploy' })
    expect(findUser(passwd, 'odd')).toEqual({ name: 'odd', uid: 5, gid: 6, home: '/' })
    expect(findUser(passwd, 'dep')).toBeUndefined()
    expect(findUser('', 'root')).toBeUndefined()
  })

  it('that is not in /etc/passwd is asked for elsewhere', async () => {
    const line = async () => 'ldapuser:*:70001:70001::/home/ldapuser:/bin/sh\n'
    expect(await lookUpUser('ldapuser', line)).toMatchObject({ uid: 70_001 })
    const other = async () => 'jdoe@corp.example.com:*:70002:70001::/home/jdoe:/bin/sh\n'
    expect(await lookUpUser('CORP\\jdoe', other)).toMatchObject({
      name: 'jdoe@corp.example.com',
      uid: 70_002,
    })
    expect(await lookUpUser('broken', async () => 'broken:x::::\n')).toBeUndefined()
    expect(
      await lookUpUser('nobody-at-all', async () => Promise.reject(new Error('exit code 2'))),
    ).toBeUndefined()
  })
})

describe('the own user', () => {
  it('may be a number that no user has, as in containers', () => {
    const nobody = () => {
      throw new Error('uv_os_get_passwd returned ENOENT')
    }
    expect(ownUser(nobody)).toMatchObject({ name: String(process.getuid?.()), uid: process.getuid?.() })
  })
})

describe('the environment of a command', () => {
  it('has path, language and home, and nothing else of the agent’s', () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'secret'
    process.env.LC_TIME = 'C'
    const environment = baseEnvironment(ownUser())
    expect(environment).toMatchObject({ PATH: process.env.PATH, LC_TIME: 'C', USER: ownUser().name })
    expect(JSON.stringify(environment)).not.toContain('secret')
  })

  it('has the home and the name of the agent’s user also where its service was given none', () => {
    const { HOME, USER } = process.env
    try {
      delete process.env.HOME
      delete process.env.USER
      const { home, name } = ownUser()
      expect(baseEnvironment()).toMatchObject({ HOME: home, USER: name, LOGNAME: name })
    } finally {
      Object.assign(process.env, definedOnly({ HOME, USER }))
    }
  })
})

function definedOnly(variables: Record<string, string | undefined>) {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined))
}
