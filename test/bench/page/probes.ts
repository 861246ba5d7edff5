import type { Frame, Page } from 'playwright-core'
import { Film } from './film.ts'

/**
 * When the condition first held in a frame of the page, by its `Date.now()`.
 * @throws Error when it did not within a minute
 */
export function onceTrue(frame: Frame, condition: string): Promise<number> {
  return frame.evaluate(`new Promise((resolve, reject) => {
    const giveUpAt = Date.now() + 60_000
    const look = () => {
      if (${condition}) resolve(Date.now())
      else if (Date.now() > giveUpAt) reject(new Error('waited in vain for ' + ${JSON.stringify(condition)}))
      else requestAnimationFrame(look)
    }
    look()
  })`)
}

/** The browser's own words on keys, from the press to the next picture, and on long tasks, since `observeInput`. */
export interface ObservedInput {
  /** Of each key the slowest of its events, milliseconds; those below 16 ms count as 16. */
  readonly keysMs: readonly number[]
  readonly slowestTaskMs: number
}

export async function observeInput(frame: Frame): Promise<void> {
  await frame.evaluate(`(() => {
    const keys = new Map()
    const tasks = []
    const timing = new PerformanceObserver((list) => {
      for (const { interactionId, name, duration } of list.getEntries()) {
        if (/^(key|input|beforeinput)/.test(name) && interactionId > 0)
          keys.set(interactionId, Math.max(keys.get(interactionId) ?? 0, duration))
      }
    })
    timing.observe({ type: 'event', durationThreshold: 16 })
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration)
    }).observe({ type: 'longtask' })
    window.__observed = () => ({ slow: [...keys.values()], slowestTaskMs: Math.max(0, ...tasks) })
  })()`)
}

/** @param keys how many were pressed since */
export async function observedInput(frame: Frame, keys: number): Promise<ObservedInput> {
  const { slow, slowestTaskMs } = (await frame.evaluate('window.__observed()')) as {
    slow: number[]
    slowestTaskMs: number
  }
  const quick = new Array<number>(Math.max(0, keys - slow.length)).fill(16)
  return { keysMs: [...quick, ...slow].sort((a, b) => a - b), slowestTaskMs }
}

/** The value below which so many of the sorted values are, 0 to 1. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export interface Scrolled {
  /** Pictures that went to the screen meanwhile. */
  readonly pictures: number
  /** Those in which a place of the list had no row. */
  readonly blank: number
  /** Longest time from one frame of the page's script to the next. */
  readonly slowestMs: number
}

/** Turns the wheel through the whole list of agents, and looks at every picture that went to the screen. */
export async function scrollThrough(page: Page, frame: Frame): Promise<Scrolled> {
  await frame.evaluate(`(() => {
    document.querySelector('#agents').scrollTop = 0
    window.__slowest = 0
    let before
    const look = (now) => {
      window.__slowest = Math.max(window.__slowest, before === undefined ? 0 : now - before)
      before = now
      window.__looking = requestAnimationFrame(look)
    }
    window.__looking = requestAnimationFrame(look)
  })()`)
  const list = await frame.locator('#agents').boundingBox()
  if (list === null) throw new Error('The list of agents is not to be seen.')
  await page.mouse.move(list.x + 200, list.y + 60)
  const film = await Film.of(page, async () => {
    const turns = Math.ceil(
      Number(await frame.evaluate("document.querySelector('#agents').scrollHeight")) / 1000,
    )
    for (let turn = 0; turn < turns; turn += 1) await page.mouse.wheel(0, 1000)
    await onceTrue(
      frame,
      "(() => { const s = document.querySelector('#agents'); return s.scrollTop + s.clientHeight > s.scrollHeight - 30 })()",
    )
  })
  const slowestMs = (await frame.evaluate(
    'cancelAnimationFrame(window.__looking), window.__slowest',
  )) as number
  // Where states and names of hosts stand; two rows of nothing are a hole.
  const place = { x: list.x + 8, y: list.y + 4, width: 240, height: list.height - 8 }
  return { pictures: film.pictures, blank: await film.blank(place, 40), slowestMs }
}

/** Searches all outputs, and waits for the end of it. Returns how long that took, milliseconds. */
export async function searchAll(frame: Frame, text: string): Promise<number> {
  const startedAt = Date.now()
  await frame.getByRole('textbox', { name: 'Search all output' }).fill(text)
  await onceTrue(
    frame,
    "/^[\\d,]+ in [\\d,]+ outputs?$/.test(document.querySelector('.search-status').textContent)",
  )
  return Date.now() - startedAt
}
