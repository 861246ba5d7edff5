import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { Endpoint } from '../../../src/queues/endpoint.ts'

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
    ['http://example.com', 'http:// is only for this machine'],
    ['http://169.254.169.254', 'http:// is only for this machine'],
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
  ])('is not %s', (url, reason) => {
    const parsed = v.safeParse(Endpoint, url)
    expect(parsed.issues?.map(({ message }) => message).join(' ')).toContain(reason)
  })
})
