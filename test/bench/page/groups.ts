import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { PageBrowser } from '../../support/resultsPage.ts'
import { simulateRun } from '../../support/simulatedRun.ts'
import { answersOf } from './answers.ts'
import type { Figure } from './figures.ts'
import { observedInput, observeInput, onceTrue, quantile } from './probes.ts'

/**
 * Replies of ten lines of which no two are equal, in two patterns: when they are two groups on the page, and whether page
 * and editor answer meanwhile. The host side of the page is in this process, as in the editor's.
 */
export async function measureGroups(agents: number, tell: (step: string) => void): Promise<Figure[]> {
  tell('groups of replies of ten lines')
  const browser = await PageBrowser.launch()
  const hosts = Array.from({ length: agents }, (_, index) => `web${String(index + 1).padStart(5, '0')}`)
  const outputs = hosts.map((_, index) => tenLines(index))
  const simulated = await simulateRun(hosts)
  const opened = await browser.open({ run: simulated.run, width: 1400, height: 900 })
  try {
    const { page } = opened
    const frame = page.mainFrame()
    await onceTrue(frame, "document.querySelectorAll('.agent').length > 20")
    await observeInput(frame)
    await page.getByRole('grid', { name: 'Agents' }).focus()
    const delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
    const pieces = new LongestPiece()
    const cpu = process.cpuUsage()
    let lastAt: number | undefined
    const answering = answersOf(agents, (from, to) => {
      for (let index = from; index < to; index += 1)
        simulated.finish(hosts[index] as string, index % 97 === 0 ? 1 : 0, [
          { stream: 1, text: outputs[index] as string },
        ])
    }).then(() => {
      lastAt = Date.now()
    })
    let keys = 0
    let groupsSeen = 0
    let before = ''
    for (; lastAt === undefined; keys += 1) {
      await page.keyboard.press('ArrowDown')
      const shown = await page.locator('.section-groups .section-count').innerText()
      if (shown !== before) groupsSeen += 1
      before = shown
      await wait(60)
    }
    await answering
    const groupedAt = await onceTrue(
      frame,
      "document.querySelector('.section-groups .section-count').textContent === '2' && document.querySelectorAll('.group .spread').length > 0",
    )
    const { user, system } = process.cpuUsage(cpu)
    const { keysMs, slowestTaskMs } = await observedInput(frame, keys)
    const name = 'groups: '
    return [
      { name: `${name}by pattern after the last reply`, value: groupedAt - lastAt, unit: 'ms', limit: 500 },
      { name: `${name}times that they changed while replies came`, value: groupsSeen, unit: 'times' },
      {
        name: `${name}a key meanwhile, 95 of 100`,
        value: quantile(keysMs, 0.95),
        unit: 'ms',
        limit: 100,
      },
      { name: `${name}longest task of the page`, value: slowestTaskMs, unit: 'ms', limit: 100 },
      {
        name: `${name}99 of 100 waits in the host`,
        value: delays.percentile(99) / 1e6,
        unit: 'ms',
        limit: 100,
      },
      { name: `${name}longest wait in the host`, value: delays.max / 1e6, unit: 'ms', limit: 100 },
      {
        name: `${name}processor time of the longest piece of work in the host`,
        value: pieces.stop(),
        unit: 'ms',
        limit: 100,
      },
      {
        name: `${name}processor time of the host, from the first reply on`,
        value: (user + system) / 1000,
        unit: 'ms',
      },
    ]
  } finally {
    await opened.close()
    await simulated.close()
    await browser.close()
  }
}

/**
 * What the longest task of this process took of a processor: on a machine with other work the waits are longer than that,
 * because the process itself waits.
 */
class LongestPiece {
  #longestMs = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    let before = process.cpuUsage()
    this.#timer = setInterval(() => {
      const { user, system } = process.cpuUsage(before)
      before = process.cpuUsage()
      this.#longestMs = Math.max(this.#longestMs, (user + system) / 1000)
    }, 1)
  }

  stop(): number {
    clearInterval(this.#timer)
    return this.#longestMs
  }
}

/** Ten services with six values each. */
function tenLines(agent: number): string {
  const number = (place: number, most: number) => (Math.imul(agent + 1, 2654435761) + place * 40503) % most
  return Array.from({ length: 10 }, (_, line) => {
    const value = (place: number, most: number) => Math.abs(number(line * 6 + place, most))
    const name = `service-${String.fromCharCode(97 + line)}`
    return `${name}: up ${value(0, 400)} days, load ${value(1, 9)}.${value(2, 99)}, ${value(3, 900)}G free (${value(4, 100)}%) pid ${value(5, 99_999)}\n`
  }).join('')
}
