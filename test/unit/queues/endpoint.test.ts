import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { Endpoint, isLoopbackEndpoint, isSqsOfRegion } from '../../../src/queues/endpoint.ts'

describe('an endpoint', () => {
  it.each([
    'https://sqs.eu-west-1.amazonaws.com',
    'https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/',
    'https://elasticmq.example:9324/prefix',
    'http://127.0.0.1:9324',
    'http://127.1:9324',
    'http://localhost:4566',
    'http://[::1]:9324',
  ])('may be %s', (url) => {
    expect(v.is(Endpoint, url)).toBe(true)
  })

  it.each([
    ['https://SQS.eu-west-1.AmazonAWS.com/', 'https://sqs.eu-west-1.amazonaws.com'],
    ['https://example.com:443', 'https://example.com'],
    ['http://0x7f.1:9324', 'http://127.0.0.1:9324'],
    [' https://exa\nmple.com ', 'https://example.com'],
    ['https://example.com/a/../b/', 'https://example.com/b'],
    ['https://sqs.еu-west-1.amazonaws.com', 'https://sqs.xn--u-west-1-b8g.amazonaws.com'],
  ])('%j is shown and used as %s', (url, form) => {
    expect(v.parse(Endpoint, url)).toBe(form)
  })

  it.each([
    'https://me:secret@example.com/x',
    'https:me:secret@example.com',
    String.raw`https:\\me:secret@example.com`,
    'https://me:x/secret@example.com',
    'me:secret@example.com',
  ])('is not quoted with its password when it is refused: %s', (text) => {
    const { issues } = v.safeParse(Endpoint, text)
    expect(issues?.[0].input).toContain('…@example.com')
    expect(JSON.stringify(issues)).not.toContain('secret')
  })

  it.each<[unknown, string]>([
    ['http://example.com', 'http:// is only for this machine'],
    ['http://127.0.0.1.example.com', 'http:// is only for this machine'],
    ['http://localhost.example.com', 'http:// is only for this machine'],
    ['http://0.0.0.0:9324', 'http:// is only for this machine'],
    ['http://[::]:9324', 'http:// is only for this machine'],
    ['http://localhost@example.com', 'without user name and password'],
    ['https://me:secret@example.com', 'without user name and password'],
    ['ftp://example.com', 'a URL with https:// or http://'],
    ['sqs.eu-west-1.amazonaws.com', 'a URL with https:// or http://'],
    ['', 'a URL'],
    [5, 'a URL'],
    // Other spellings of the same addresses.
    ['http://127.0.0.1@example.com', 'without user name and password'],
    ['https://key:@example.com', 'without user name and password'],
    ['https://example.com/?x', 'without ? and #'],
    ['https://example.com#sqs.eu-west-1.amazonaws.com', 'without ? and #'],
    ['http://1249763844', 'http:// is only for this machine'],
    ['http://0x0a000001', 'http:// is only for this machine'],
    ['http://012.1', 'http:// is only for this machine'],
    ['http://127.0.0.1.nip.io', 'http:// is only for this machine'],
    ['http://sqs.localhost', 'http:// is only for this machine'],
    ['http://localhost.', 'http:// is only for this machine'],
    ['http://[::ffff:8.8.8.8]', 'http:// is only for this machine'],
    ['http://instance-data.ec2.internal', 'http:// is only for this machine'],
    ['http://ⓔxample.com', 'http:// is only for this machine'],
    ['HTTP:example.com', 'http:// is only for this machine'],
    [' http://example.com', 'http:// is only for this machine'],
    ['ht\ttp://example.com', 'http:// is only for this machine'],
    ['http:\\\\example.com', 'http:// is only for this machine'],
    ...[
      '169.254.169.254',
      '169.254.170.2',
      '169.254.43518',
      '2852039166',
      '0xa9fea9fe',
      '0xA9.0xFE.0xA9.0xFE',
      '0251.0376.0251.0376',
      '169.254.169.254.',
      '①⑥⑨.254.169.254',
      '[fd00:ec2::254]',
      '[fd00:0ec2:0:0:0:0:0:23]',
      '[fe80::1]',
      '[febf::1]',
      '[::ffff:169.254.169.254]',
      '[::ffff:a9fe:a9fe]',
      '[0:0:0:0:0:ffff:a9fe:a9fe]',
      '[::169.254.169.254]',
      '[::ffff:0:169.254.169.254]',
      '[64:ff9b::169.254.169.254]',
      '[2002:a9fe:a9fe::1]',
    ].flatMap((host) =>
      ['http', 'https'].map((scheme) => [`${scheme}://${host}/`, 'link-local'] as [string, string]),
    ),
    ['file:///etc/passwd', 'a URL with https:// or http://'],
    ['javascript:alert(1)', 'a URL with https:// or http://'],
    ['unix:///var/run/docker.sock', 'a URL with https:// or http://'],
    ['//sqs.eu-west-1.amazonaws.com', 'a URL with https:// or http://'],
    ['https://', 'a URL with https:// or http://'],
  ])('is not %s', (url, reason) => {
    const parsed = v.safeParse(Endpoint, url)
    expect(parsed.issues?.map(({ message }) => message)).toEqual([expect.stringContaining(reason)])
  })
})

describe('an endpoint on this machine', () => {
  it.each(['http://127.0.0.1:9324', 'http://127.9.9.9', 'http://localhost', 'https://[::1]:1'])(
    'is %s',
    (url) => {
      expect(isLoopbackEndpoint(url)).toBe(true)
    },
  )

  it.each([
    'https://example.com',
    'https://[::2]',
    'https://localhost.example.com',
    'https://128.0.0.1',
    'x',
  ])('is not %s', (url) => {
    expect(isLoopbackEndpoint(url)).toBe(false)
  })
})

describe('AWS’s own SQS', () => {
  it.each([
    ['https://sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['https://sqs-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['https://sqs.eu-west-1.api.aws/', 'eu-west-1'],
    ['https://sqs.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ])('is at %s', (url, region) => {
    expect(isSqsOfRegion(url, region)).toBe(true)
  })

  it.each([
    ['https://sqs.eu-west-2.amazonaws.com', 'eu-west-1'],
    ['https://sqs.eu-west-1.amazonaws.com.cn', 'eu-west-1'],
    ['https://sqs.eu-west-1.amazonaws.com.evil.example', 'eu-west-1'],
    ['https://evil.example/sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['https://sqs.eu-west-1.amazonaws.com:8443', 'eu-west-1'],
    ['https://sqs.eu-west-1.amazonaws.com/x', 'eu-west-1'],
    ['http://sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['https://s3.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com', 'eu-west-1'],
    ['https://sqs.еu-west-1.amazonaws.com', 'eu-west-1'],
  ])('is not at %s for %s', (url, region) => {
    expect(isSqsOfRegion(url, region)).toBe(false)
  })
})
