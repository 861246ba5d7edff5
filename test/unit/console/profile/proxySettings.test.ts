import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proxySettings } from '../../../../src/console/profile/proxySettings.ts'
import { settings } from '../../../support/vscodeStandIn.mjs'

const proxy = 'http://ada:s3cret@proxy:3128'

let own: Record<string, unknown>
let workspace: Record<string, unknown>

beforeEach(() => {
  own = settings.user = {}
  workspace = settings.workspace = {}
})
afterEach(() => {
  settings.user = {}
  settings.workspace = {}
})

describe('the proxy of the editor', () => {
  it('is left to the environment variables when there is no setting', () => {
    expect(proxySettings()).toEqual({})
  })

  it('is that of http.proxy, with the exceptions of http.noProxy', () => {
    own['http.proxy'] = proxy
    own['http.noProxy'] = ['amazonaws.com', '10.0.0.0/8', 5]
    expect(proxySettings()).toEqual({
      proxy: { url: proxy, source: 'http.proxy' },
      noProxy: 'amazonaws.com,10.0.0.0/8',
    })
  })

  it('gets the header of http.proxyAuthorization, whoever names it', () => {
    own['http.proxyAuthorization'] = ' Basic YWRhOnMzY3JldA== '
    expect(proxySettings()).toEqual({
      login: { authorization: 'Basic YWRhOnMzY3JldA==', source: 'http.proxyAuthorization' },
    })
  })

  it('is never one whose certificate, or that of AWS, need not be verified', () => {
    own['http.proxy'] = proxy
    own['http.proxyStrictSSL'] = false
    expect(proxySettings()).toEqual({ proxy: { url: proxy, source: 'http.proxy' } })
  })

  it('is not that of a workspace', () => {
    workspace['http.proxy'] = proxy
    workspace['http.proxyAuthorization'] = 'Basic x'
    workspace['http.noProxy'] = ['*']
    expect(proxySettings()).toEqual({})
  })

  it('is none of its own when proxies are switched off there', () => {
    own['http.proxy'] = proxy
    own['http.proxySupport'] = 'off'
    expect(proxySettings()).toEqual({})
  })

  it.each(['', '  ', 8080, null])('is none when http.proxy is %j', (value) => {
    own['http.proxy'] = value
    own['http.proxyAuthorization'] = value
    own['http.noProxy'] = []
    expect(proxySettings()).toEqual({})
  })
})
