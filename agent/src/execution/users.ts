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
 * Looks a user up in the text of `/etc/passwd`.
 * @returns undefined when there is no such user
 */
export function findUser(passwd: string, name: string): User | undefined {
  return usersIn(passwd).find((user) => user.name === name)
}

/**
 * Looks a user up where the server itself does.
 * @param lookUp prints the user's line where it is not in `/etc/passwd` (LDAP, Active Directory and the like). Such services
 *   know one user under several names, as `CORP\jdoe` and `jdoe@corp.example.com`, and answer with the usual one
 */
export async function lookUpUser(name: string, lookUp: () => Promise<string>): Promise<User | undefined> {
  const local = findUser(await readFile('/etc/passwd', 'utf8').catch(() => ''), name)
  return local ?? usersIn(await lookUp().catch(() => ''))[0]
}

function usersIn(passwd: string): User[] {
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid, , home] = line.split(':')
    const ids = [uid, gid].every((id) => id !== undefined && /^\d+$/.test(id))
    return name && ids ? [{ name, uid: Number(uid), gid: Number(gid), home: home || '/' }] : []
  })
}
