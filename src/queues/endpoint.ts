import * as v from 'valibot'

/**
 * The address of SQS where it is not AWS's default. Commands, including their secrets, and session tokens are sent there,
 * so unencrypted HTTP is only accepted for this machine.
 */
export const Endpoint = v.pipe(
  v.string('a URL'),
  v.check(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'a URL with https:// or http://',
  ),
  v.check((text) => {
    const url = parsed(text)
    return url === undefined || (url.username === '' && url.password === '')
  }, 'a URL without user name and password: requests are signed with the AWS profile'),
  v.check((text) => {
    const url = parsed(text)
    return url?.protocol !== 'http:' || isLoopback(url.hostname)
  }, 'a URL with https://; http:// is only for this machine, as in http://127.0.0.1:9324'),
)

/** @param hostname as `URL` returns it: in lower case, IPv4 in its usual form, IPv6 in brackets */
function isLoopback(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
