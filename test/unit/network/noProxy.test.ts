import { describe, expect, it } from 'vitest'
import { doesWithoutProxy } from '../../../src/network/noProxy.ts'

const host = 'sqs.eu-west-1.amazonaws.com'

describe('NO_PROXY', () => {
  it.each([
    [host, host],
    ['amazonaws.com', host],
    ['.amazonaws.com', host],
    ['*.amazonaws.com', host],
    ['AmazonAWS.com.', host],
    ['a.example, amazonaws.com', host],
    ['a.example amazonaws.com', host],
    ['amazonaws.com:443', host],
    ['*', host],
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3:443', '10.1.2.3'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['fd00::/8', 'fd00:ec2::5'],
    ['[fd00::5]:443', 'fd00::5'],
    ['fd00::5', 'fd00:0:0::5'],
  ])('%s covers %s', (list, name) => {
    expect(doesWithoutProxy(list, { host: name, port: 443 })).toBe(true)
  })

  it.each([
    ['', host],
    [',', host],
    ['.', host],
    ['naws.com', host],
    ['eu-west-1.amazonaws.com.example', host],
    ['amazonaws.com:8443', host],
    ['10.0.0.0/8', '11.1.2.3'],
    ['10.0.0.0/33', '10.1.2.3'],
    ['10.0.0.0/x', '10.1.2.3'],
    ['0.0.0.0/0', host],
    ['2.3', '10.1.2.3'],
    ['fd00::/8', '10.1.2.3'],
    ['10.0.0.0/8', 'fd00::5'],
  ])('%s does not cover %s', (list, name) => {
    expect(doesWithoutProxy(list, { host: name, port: 443 })).toBe(false)
  })
})

describe('what stays on this machine', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1'])('does without a proxy: %s', (name) => {
    expect(doesWithoutProxy('', { host: name, port: 9324 })).toBe(true)
  })

  it('uses one when the list says so in the way of browsers', () => {
    expect(doesWithoutProxy('<-loopback>', { host: '127.0.0.1', port: 9324 })).toBe(false)
    expect(doesWithoutProxy('<-loopback>,127.0.0.0/8', { host: '127.0.0.1', port: 9324 })).toBe(true)
  })
})
