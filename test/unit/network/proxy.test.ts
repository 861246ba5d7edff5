import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../../src/network/proxy.ts'

const sqs = { host: 'sqs.eu-west-1.amazonaws.com', port: 443, isTls: true }
const named = (url: string) => proxyFor(sqs, {}, { HTTPS_PROXY: url })

describe('the proxy of a connection', () => {
  it('is none when nobody names one', () => {
    expect(proxyFor(sqs, {}, { HTTP_PROXY: 'http://other:1' })).toBeUndefined()
  })

  it('is that of HTTPS_PROXY for TLS, and that of HTTP_PROXY for the rest', () => {
    const env = { HTTPS_PROXY: 'http://secure:3128', HTTP_PROXY: 'http://plain:3128' }
    expect(proxyFor(sqs, {}, env)?.host).toBe('secure')
    expect(proxyFor({ ...sqs, isTls: false }, {}, env)?.host).toBe('plain')
  })

  it('is named in lower case rather than in upper case, even when empty', () => {
    const env = { HTTPS_PROXY: 'http://upper:3128', https_proxy: 'http://lower:3128' }
    expect(proxyFor(sqs, {}, env)).toMatchObject({ host: 'lower', source: 'https_proxy' })
    expect(proxyFor(sqs, {}, { ...env, https_proxy: '' })).toBeUndefined()
  })

  it('is that of the user interface rather than that of the environment', () => {
    const proxies = { proxy: { url: 'http://editor:8080', source: 'http.proxy' } }
    const env = { HTTPS_PROXY: 'http://shell:3128', NO_PROXY: 'example.com' }
    expect(proxyFor(sqs, proxies, env)).toMatchObject({ host: 'editor', port: 8080, source: 'http.proxy' })
    expect(proxyFor(sqs, { ...proxies, noProxy: '.amazonaws.com' }, env)).toBeUndefined()
  })

  it('is none for what NO_PROXY covers, in upper or lower case', () => {
    const env = { HTTPS_PROXY: 'http://proxy:3128' }
    expect(proxyFor(sqs, {}, { ...env, NO_PROXY: 'amazonaws.com' })).toBeUndefined()
    expect(proxyFor(sqs, {}, { ...env, no_proxy: 'amazonaws.com' })).toBeUndefined()
    expect(proxyFor(sqs, {}, { ...env, NO_PROXY: 'amazonaws.com', no_proxy: '' })?.host).toBe('proxy')
  })

  it.each([
    ['http://proxy:3128', 'http:', 'proxy', 3128],
    ['http://proxy', 'http:', 'proxy', 80],
    ['https://proxy', 'https:', 'proxy', 443],
    ['HTTP://proxy:80/', 'http:', 'proxy', 80],
    ['proxy.example.com:3128', 'http:', 'proxy.example.com', 3128],
    [' http://proxy:3128 ', 'http:', 'proxy', 3128],
    ['http://[fd00::1]:3128', 'http:', 'fd00::1', 3128],
  ])('may be written as %s', (url, protocol, host, port) => {
    expect(named(url)).toMatchObject({ protocol, host, port, authorization: undefined })
  })

  it('has the login of the user interface where its URL has none, whoever names it', () => {
    const login = { authorization: 'Negotiate t0ken', source: 'http.proxyAuthorization' }
    const proxy = (url: string) => proxyFor(sqs, { login }, { HTTPS_PROXY: url })
    expect(proxy('http://proxy:3128')).toMatchObject({
      ...{ authorization: 'Negotiate t0ken', source: 'HTTPS_PROXY', loginSource: 'http.proxyAuthorization' },
    })
    expect(proxy('http://ada:s3cret@proxy:3128')).toMatchObject({
      ...{ authorization: `Basic ${btoa('ada:s3cret')}`, loginSource: 'HTTPS_PROXY' },
    })
    expect(proxyFor(sqs, { login }, {})).toBeUndefined()
  })

  it.each(['Basic s3cret\r\nHost: elsewhere', 'Basic s3cret\0', 'Basic s3crét😀'])(
    'is none with a login that is no header: the setting is named, and its value is not shown',
    (authorization) => {
      const login = { authorization, source: 'http.proxyAuthorization' }
      const find = () => proxyFor(sqs, { login }, { HTTPS_PROXY: 'http://proxy:3128' })
      expect(find).toThrow(/http\.proxyAuthorization cannot be sent/)
      expect(find).not.toThrow(/s3cr/)
    },
  )

  it.each([
    ['http://ada:s3cret@proxy:3128', 'ada:s3cret'],
    ['http://ada:p%40ss%3Aword@proxy:3128', 'ada:p@ss:word'],
    ['http://ada:100%@proxy:3128', 'ada:100%'],
    ['http://ada@proxy:3128', 'ada:'],
    ['ada:s3cret@proxy:3128', 'ada:s3cret'],
  ])('may have a user and a password, which are not shown: %s', (url, login) => {
    const proxy = named(url)
    expect(Buffer.from(proxy?.authorization?.slice('Basic '.length) ?? '', 'base64').toString()).toBe(login)
    expect(proxy?.shown).toBe('http://proxy:3128')
  })

  it.each([
    'socks5://ada:s3cret@proxy:1080',
    'http://',
    'http://ada:s3cret@pro xy:3128',
    'http://proxy:99999',
  ])('is refused in words that hold no password: %s', (url) => {
    expect(() => named(url)).toThrow(
      'The proxy in HTTPS_PROXY cannot be used. Use a URL with http:// or https://, as in http://proxy:3128.',
    )
  })

  it('may be wrong where it is not needed', () => {
    expect(proxyFor(sqs, {}, { HTTPS_PROXY: 'socks5://proxy', NO_PROXY: '*' })).toBeUndefined()
  })
})
