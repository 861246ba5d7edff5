import { describe, expect, it } from 'vitest'
import { lazy } from '../../../src/async/lazy.ts'
import { deferred } from '../../support/deferred.ts'

describe('Lazy work', () => {
  it('is done once for all who want it, and not before', async () => {
    let done = 0
    const answer = lazy(async () => ++done)
    expect([answer.started, done]).toEqual([undefined, 0])
    expect(await Promise.all([answer.get(), answer.get()])).toEqual([1, 1])
    expect(await answer.get()).toBe(1)
  })

  it('that failed is done again for the next who wants it, also where it throws at once', async () => {
    let done = 0
    const answer = lazy((): Promise<number> => {
      done += 1
      if (done === 1) throw new Error('not yet')
      return Promise.resolve(done)
    })
    await expect(Promise.all([answer.get(), answer.get()])).rejects.toThrow('not yet')
    expect(await answer.get()).toBe(2)
  })

  it('keeps the new attempt when one from before it was forgotten fails', async () => {
    const attempts = [deferred<string>(), deferred<string>()]
    let begun = 0
    const answer = lazy(() => (attempts[begun++] as (typeof attempts)[number]).promise)
    const first = answer.get()
    answer.forget()
    const second = answer.get()
    attempts[0]?.reject(new Error('too late'))
    await expect(first).rejects.toThrow('too late')
    attempts[1]?.resolve('the second')
    expect(await Promise.all([second, answer.get()])).toEqual(['the second', 'the second'])
    expect(begun).toBe(2)
  })
})
