import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { inTime } from '../../../src/async/inTime.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const long = 60_000

/** Work that only its signal ends. */
const until = (within: AbortSignal) =>
  new Promise<never>((_, reject) => within.addEventListener('abort', () => reject(within.reason)))

describe('Work that has to end in time', () => {
  it('gives what it gives, and fails as it fails', async () => {
    expect(await inTime(undefined, long, async () => 'done')).toBe('done')
    const failing = inTime(new AbortController().signal, long, () => Promise.reject(new Error('broken')))
    await expect(failing).rejects.toThrow('broken')
  })

  it('is ended when the time is over, also after a garbage collection', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const work = inTime(signal, 50, until)
      work.catch(() => {})
      collectGarbage()
      await expect(work).rejects.toMatchObject({ name: 'TimeoutError' })
    }
  })

  it('is ended by the signal, for its reason, and does not begin after it', async () => {
    const stop = new AbortController()
    const work = inTime(stop.signal, long, until)
    stop.abort(new Error('stopped'))
    await expect(work).rejects.toThrow('stopped')
    let began = false
    const late = inTime(stop.signal, long, async () => {
      began = true
    })
    await expect(late).rejects.toThrow('stopped')
    expect(began).toBe(false)
  })
})
