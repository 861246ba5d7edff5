import type { User } from './users.ts'

const passedOn = ['PATH', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']

/**
 * Environment variables of everything that the agent starts: path and language of its own environment, and nothing
 * else of it, for it may hold the agent's AWS credentials.
 */
export function baseEnvironment(user?: User): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: user?.home ?? process.env.HOME ?? '/',
    SHELL: '/bin/sh',
  }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && (passedOn.includes(name) || name.startsWith('LC_'))) environment[name] = value
  }
  const name = user?.name ?? process.env.USER
  return name === undefined ? environment : { ...environment, USER: name, LOGNAME: name }
}
