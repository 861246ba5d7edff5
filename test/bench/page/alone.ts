import { setTimeout as wait } from 'node:timers/promises'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { simulateRun } from '../../support/simulatedRun.ts'
import { answersOf, replyOf } from './answers.ts'
import type { Figure } from './figures.ts'
import { observedInput, observeInput, onceTrue, quantile, scrollThrough, searchAll } from './probes.ts'

/** The page alone, its own build in Chromium, with the real host side of it in this process. */
export async function measurePageAlone(agents: number, tell: (step: string) => void): Promise<Figure[]> {
  tell('the page alone')
  const browser = await PageBrowser.launch(['--enable-precise-memory-info', '--js-flags=--expose-gc'])
  try {
    return [...(await measureRun(browser, agents)), ...(await measureOutput(browser))]
  } finally {
    await browser.close()
  }
}

async function measureRun(browser: PageBrowser, agents: number): Promise<Figure[]> {
  const hosts = Array.from({ length: agents }, (_, index) => `web${String(index + 1).padStart(5, '0')}`)
  const simulated = await simulateRun(hosts)
  const opened = await browser.open({ run: simulated.run, width: 1400, height: 900 })
  const { page } = opened
  const frame = page.mainFrame()
  const shownAfterMs = await sinceNavigation(opened, "document.querySelectorAll('.agent').length > 20")
  await observeInput(frame)
  await page.getByRole('grid', { name: 'Agents' }).focus()

  const firstAt = Date.now()
  answer(simulated, hosts, 0, 1)
  const firstRowMs =
    (await onceTrue(frame, "document.querySelector('.agent [data-state=succeeded]') !== null")) - firstAt

  let lastAt: number | undefined
  const answering = answersOf(agents, (from, to) => answer(simulated, hosts, Math.max(1, from), to)).then(
    () => {
      lastAt = Date.now()
    },
  )
  let keys = 0
  for (; lastAt === undefined; keys += 1) {
    await page.keyboard.press('ArrowDown')
    await wait(60)
  }
  await answering
  const allShownAt = await onceTrue(
    frame,
    "document.querySelector('.progress-summary').textContent.includes('all accounted for')",
  )
  const { keysMs, slowestTaskMs } = await observedInput(frame, keys)
  const scrolled = await scrollThrough(page, frame)
  const searchMs = await searchAll(frame, '5.10.0')
  const heap = await heapOf(page)
  await opened.close()
  await simulated.close()
  return [
    { name: 'opened on the run: first rows after', value: shownAfterMs, unit: 'ms', limit: 1000 },
    { name: 'first reply: in its row after', value: firstRowMs, unit: 'ms', limit: 300 },
    { name: 'last reply: all on the page after', value: allShownAt - lastAt, unit: 'ms', limit: 1000 },
    { name: 'a key while replies pour in, 95 of 100', value: quantile(keysMs, 0.95), unit: 'ms', limit: 100 },
    { name: 'the slowest of these', value: keysMs.at(-1) ?? 0, unit: 'ms', limit: 100 },
    { name: 'longest task meanwhile', value: slowestTaskMs, unit: 'ms', limit: 100 },
    {
      name: `blank among ${scrolled.pictures} pictures while scrolling through all`,
      value: scrolled.blank,
      unit: 'frames',
      limit: 0,
    },
    {
      name: 'slowest frame meanwhile, painted without a graphics card',
      value: scrolled.slowestMs,
      unit: 'ms',
    },
    { name: 'search in all outputs: done after', value: searchMs, unit: 'ms', limit: 3000 },
    { name: 'memory (heap)', value: heap, unit: 'MiB', limit: 150 },
  ]
}

async function measureOutput(browser: PageBrowser): Promise<Figure[]> {
  const simulated = await simulateRun(['web1'])
  const lines = Array.from(
    { length: 100_000 },
    (_, index) => `\x1b[32m${index}\x1b[0m GET /index.html 200 1.${index} ms`,
  )
  simulated.finish('web1', 0, [{ stream: 1, text: `${lines.join('\n')}\n` }])
  const opened = await browser.open({ run: simulated.run })
  const { page } = opened
  const frame = page.mainFrame()
  const shownMs = await sinceNavigation(opened, "document.querySelector('.output .ansi') !== null")
  await onceTrue(frame, "document.querySelector('.output .scroller-body').clientHeight > 1_800_000")
  await page.getByRole('region', { name: 'Output of web1' }).focus()
  const before = Date.now()
  await page.keyboard.press('End')
  await onceTrue(
    frame,
    "[...document.querySelectorAll('.output .line')].some((line) => line.textContent.includes('1.99999 ms'))",
  )
  const endMs = Date.now() - before
  const heap = await heapOf(page)
  await opened.close()
  await simulated.close()
  return [
    { name: 'opened on 100,000 lines: first lines after', value: shownMs, unit: 'ms', limit: 1000 },
    { name: 'End: the last of 100,000 lines after', value: endMs, unit: 'ms', limit: 300 },
    { name: 'memory with 100,000 lines (heap)', value: heap, unit: 'MiB', limit: 150 },
  ]
}

/** Agents `from` up to and without `to` answer. */
function answer(
  simulated: Awaited<ReturnType<typeof simulateRun>>,
  hosts: readonly string[],
  from: number,
  to: number,
): void {
  for (let index = from; index < to; index += 1) {
    const { code, stream, text } = replyOf(index)
    simulated.finish(hosts[index] as string, code, [{ stream, text }])
  }
}

async function sinceNavigation({ page }: OpenPage, condition: string): Promise<number> {
  const at = await onceTrue(page.mainFrame(), condition)
  return at - ((await page.evaluate('performance.timeOrigin')) as number)
}

/** MiB, after collecting what is not needed any more. */
async function heapOf(page: OpenPage['page']): Promise<number> {
  await page.evaluate('window.gc()')
  return ((await page.evaluate('performance.memory.usedJSHeapSize')) as number) / 2 ** 20
}
