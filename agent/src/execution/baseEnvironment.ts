import { ownUser, type User } from './users.ts'

const passedOn = ['PATH', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']

/**
 * Environment variables of everything that the agent starts: path and language of its own environment, and nothing
 * else of it, for it may hold the agent's AWS credentials.
 */
export function baseEnvironment(user?: User): Record<string, string> {
  const { home, name } = user ?? ownService()
  const environment: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    SHELL: '/bin/sh',
    USER: name,
    LOGNAME: name,
  }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (passedOn.includes(name) || name.startsWith('LC_'))) environment[name] = value
  }
  return environment
}

function ownService(): Pick<User, 'home' | 'name'> {
  const { HOME, USER } = process.env
  const { home, name } = ownUser()
  return { home: HOME ?? home, name: USER ?? name }
}
