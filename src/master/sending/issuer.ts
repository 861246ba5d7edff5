import { hostname, userInfo } from 'node:os'
import type { Issuer } from '../../run/runRequest.ts'

/**
 * The user and the host of this process, as people and audit logs see who sends.
 * @param readUser throws where the user has no name, as in a container that runs under any number
 */
export function ownIssuer(readUser: () => string = () => userInfo().username): Issuer {
  return { name: userName(readUser), host: hostname() }
}

function userName(readUser: () => string): string {
  try {
    return readUser()
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
