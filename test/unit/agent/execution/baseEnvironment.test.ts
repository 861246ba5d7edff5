import { afterEach, describe, expect, it, vi } from 'vitest'
import { baseEnvironment } from '../../../../agent/src/execution/baseEnvironment.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'

describe('the environment of what the agent starts', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('has the home and the name of the agent’s user where systemd starts the agent without HOME and USER', () => {
    vi.stubEnv('HOME', undefined)
    vi.stubEnv('USER', undefined)
    const { home, name } = ownUser()
    expect(baseEnvironment()).toMatchObject({ HOME: home, USER: name, LOGNAME: name })
  })

  it('has nothing of the agent’s credentials, nor of what systemd tells the agent', () => {
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'SYSTEMD_EXEC_PID'])
      vi.stubEnv(name, 'secret')
    expect(Object.values(baseEnvironment())).not.toContain('secret')
  })
})
