import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { aborted, orAborted } from '../../../src/async/aborted.ts'
import { deferred } from '../../support/deferred.ts'

describe('Work for which somebody waits until they abort', () => {
  it('gives its result, or fails as it does', async () => {
    const { signal } = new AbortController()
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1)
    expect(await orAborted(Promise.resolve(1), undefined)).toBe(1)
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  })

  it('is not waited for once they have aborted, be that before or meanwhile, and may fail unheard', async () => {
    const abort = new AbortController()
    const work = deferred<number>()
    const waiting = orAborted(work.promise, abort.signal)
    abort.abort()
    expect(await waiting).toBe(aborted)
    expect(await orAborted(work.promise, abort.signal)).toBe(aborted)
    work.reject(new Error('nobody hears of it'))
    await expect(work.promise).rejects.toThrow()
  })

  it('leaves nothing on a signal that lives for long', async () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n += 1) await orAborted(Promise.resolve(n), signal)
    await orAborted(Promise.reject(new Error('no')), signal).catch(() => {})
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
