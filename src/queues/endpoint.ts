import * as v from 'valibot'
import { say } from '../text/localizable.ts'

/**
 * The address of SQS where it is not AWS's default. Commands, including their secrets, and session tokens are sent there,
 * so unencrypted HTTP is only accepted for this machine.
 */
export const Endpoint = v.pipe(
  v.string(say('a URL').text),
  v.check(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    say('a URL with https:// or http://').text,
  ),
  v.check((text) => {
    const url = parsed(text)
    return url === undefined || (url.username === '' && url.password === '')
  }, say('a URL without user name and password: requests are signed with the AWS profile').text),
  v.check((text) => {
    const url = parsed(text)
    return url?.protocol !== 'http:' || isLoopback(url.hostname)
  }, say('a URL with https://; http:// is only for this machine, as in http://127.0.0.1:9324').text),
)

/** @param hostname as `URL` returns it: in lower case, IPv4 in its usual form, IPv6 in brackets */
function isLoopback(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
