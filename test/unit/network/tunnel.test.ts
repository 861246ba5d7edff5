import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { proxyFor } from '../../../src/network/proxy.ts'
import { openTunnel } from '../../../src/network/tunnel.ts'
import { type ConnectProxy, startConnectProxy } from '../../support/connectProxy.ts'

let proxy: ConnectProxy

afterEach(async () => {
  vi.useRealTimers()
  await proxy.stop()
})

function tunnelTo(host: string, signal = new AbortController().signal): Promise<Duplex> {
  const target = { host, port: 443 }
  const server = proxyFor({ ...target, isTls: true }, {}, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` })
  if (server === undefined) throw new Error('no proxy')
  return openTunnel(server, target, undefined, signal)
}

describe('a tunnel', () => {
  it('passes on what its end says in the same breath as the proxy', async () => {
    proxy = await startConnectProxy({ answer: 'HTTP/1.1 200 OK\r\n\r\nearly' })
    const socket = await tunnelTo('sqs.example.com')
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toBe('early')
    socket.destroy()
  })

  it('is asked for with brackets around an IPv6 address', async () => {
    proxy = await startConnectProxy({ answer: 'HTTP/1.1 200 OK\r\n\r\n' })
    const socket = await tunnelTo('fd00::1')
    expect(proxy.targets).toEqual(['[fd00::1]:443'])
    socket.destroy()
  })

  it('is given up when the proxy does not answer in time', async () => {
    proxy = await startConnectProxy({ answer: 'hang' })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const refused = expect(tunnelTo('sqs.example.com')).rejects.toThrow(
      `The proxy http://127.0.0.1:${proxy.port} cannot be reached (no answer in time). Check it, and HTTPS_PROXY.`,
    )
    while (proxy.targets.length === 0) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(4_500)
    await refused
  })

  it('is given up with the signal, for its reason', async () => {
    proxy = await startConnectProxy({ answer: 'hang' })
    const end = new AbortController()
    const ended = expect(tunnelTo('sqs.example.com', end.signal)).rejects.toThrow('closed')
    await expect.poll(() => proxy.targets.length).toBe(1)
    end.abort(new Error('closed'))
    await ended
  })
})
