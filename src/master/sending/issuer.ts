import { hostname, userInfo } from 'node:os'
import type { Issuer } from '../../run/runRequest.ts'

/**
 * The user and host of this process, as shown to people and in audit logs.
 * @param readUser throws where the user has no name, as in a container with an arbitrary user id
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
