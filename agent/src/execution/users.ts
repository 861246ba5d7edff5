import { readFile } from 'node:fs/promises'
import { type UserInfo, userInfo } from 'node:os'

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** The user that the agent itself runs as. In a container it may be a number that no user has: then its name is that. */
export function ownUser(ask: () => UserInfo<string> = userInfo): User {
  try {
    const { username, uid, gid, homedir } = ask()
    return { name: username, uid, gid, home: homedir }
  } catch {
    const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1]
    return { name: String(uid), uid, gid, home: process.env.HOME ?? '/' }
  }
}

/**
 * Looks a user up in the text of `/etc/passwd`, or in whatever `getent passwd NAME` printed.
 * @returns undefined when there is no such user
 */
export function findUser(passwd: string, name: string): User | undefined {
  for (const line of passwd.split('\n')) {
    const [entry, , uid, gid, , home] = line.split(':')
    if (entry === name && uid !== undefined && gid !== undefined) {
      return { name, uid: Number(uid), gid: Number(gid), home: home || '/' }
    }
  }
  return undefined
}

/**
 * Looks a user up where the server itself does.
 * @param lookUp prints the user's line where it is not in `/etc/passwd` (LDAP and the like)
 */
export async function lookUpUser(name: string, lookUp: () => Promise<string>): Promise<User | undefined> {
  const local = findUser(await readFile('/etc/passwd', 'utf8').catch(() => ''), name)
  return local ?? findUser(await lookUp().catch(() => ''), name)
}
