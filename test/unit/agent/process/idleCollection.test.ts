import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exposedCollector, IdleCollection } from '../../../../agent/src/process/idleCollection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function open(isIdle = () => true) {
  const collect = vi.fn()
  return { collect, collection: new IdleCollection({ isIdle, collect }) }
}

describe('the collection of garbage when the agent is idle', () => {
  it('comes once, 20 s after the last run', () => {
    const { collect, collection } = open()
    collection.schedule()
    vi.advanceTimersByTime(19_999)
    expect(collect).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(collect).toHaveBeenCalledOnce()
    vi.advanceTimersByTime(3_600_000)
    expect(collect).toHaveBeenCalledOnce()
  })

  it('is put off by each run that ends', () => {
    const { collect, collection } = open()
    for (let run = 0; run < 10; run += 1) {
      collection.schedule()
      vi.advanceTimersByTime(15_000)
    }
    expect(collect).not.toHaveBeenCalled()
    vi.advanceTimersByTime(5_000)
    expect(collect).toHaveBeenCalledOnce()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits while a run is active or a reply is on its way', () => {
    let isBusy = true
    const { collect, collection } = open(() => !isBusy)
    collection.schedule()
    vi.advanceTimersByTime(600_000)
    expect(collect).not.toHaveBeenCalled()
    isBusy = false
    vi.advanceTimersByTime(20_000)
    expect(collect).toHaveBeenCalledOnce()
  })

  it('keeps no timer where Node exposes no collector', () => {
    vi.stubGlobal('gc', undefined)
    const collect = exposedCollector()
    expect(collect).toBeUndefined()
    new IdleCollection({ isIdle: () => true, collect }).schedule()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is that of everything, caches included', () => {
    const gc = vi.fn()
    vi.stubGlobal('gc', gc)
    exposedCollector()?.()
    expect(gc).toHaveBeenCalledExactlyOnceWith({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  })
})
