import type { AgentRow } from '../src/page/toPage.ts'
import { formatAgents, formatDuration } from './format.ts'
import { latencyBars } from './latencyBars.ts'
import { element, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

const svgNamespace = 'http://www.w3.org/2000/svg'
const barCount = 28
const barWidth = 4
const height = 22
const everyMs = 400

/** How long agents took to answer, as a small chart beside the progress. */
export class LatencyHistogram {
  readonly element: HTMLElement
  readonly #svg = document.createElementNS(svgNamespace, 'svg')
  readonly #text = element('span', { class: 'latency-text' })
  #drawn = 0
  #drawnAt = Number.NEGATIVE_INFINITY
  #timer: number | undefined

  constructor() {
    this.#svg.setAttribute('viewBox', `0 0 ${barCount * barWidth} ${height}`)
    this.#svg.setAttribute('width', String(barCount * barWidth))
    this.#svg.setAttribute('height', String(height))
    this.#svg.setAttribute('aria-hidden', 'true')
    this.element = element('div', { class: 'latency', hidden: true }, this.#svg, this.#text)
  }

  /** Draws it if there are more answers than before, at most a few times a second. */
  render(rows: () => Iterable<AgentRow>, timed: number): void {
    if (timed === this.#drawn || this.#timer !== undefined) return
    const waitMs = Math.max(0, this.#drawnAt + everyMs - performance.now())
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined
      this.#drawn = timed
      this.#drawnAt = performance.now()
      this.#draw(rows())
    }, waitMs)
  }

  #draw(rows: Iterable<AgentRow>): void {
    const latencies: number[] = []
    for (const { latencyMs } of rows) if (latencyMs !== undefined) latencies.push(latencyMs)
    show(this.element, latencies.length >= 3)
    if (latencies.length < 3) return
    latencies.sort((a, b) => a - b)
    const median = latencies[Math.floor(latencies.length / 2)] ?? 0
    const slowest = latencies.at(-1) ?? 0
    setText(this.#text, t('median {0}, slowest {1}', formatDuration(median), formatDuration(slowest)))
    this.element.title = t('Time from sending to the first response')
    const bars = latencyBars(latencies, barCount)
    const most = Math.max(...bars.map(({ agents }) => agents))
    this.#svg.replaceChildren(
      ...bars.map(({ fromMs, toMs, agents }, index) => {
        const bar = document.createElementNS(svgNamespace, 'rect')
        const drawn = agents === 0 ? 1 : Math.max(2, (Math.sqrt(agents) / Math.sqrt(most)) * height)
        bar.setAttribute('class', agents === 0 ? 'none' : 'some')
        bar.setAttribute('x', String(index * barWidth))
        bar.setAttribute('width', String(barWidth - 1))
        bar.setAttribute('y', String(height - drawn))
        bar.setAttribute('height', String(drawn))
        const title = document.createElementNS(svgNamespace, 'title')
        title.textContent = t(
          '{0} to {1}: {2}',
          formatDuration(fromMs),
          formatDuration(toMs),
          formatAgents(agents),
        )
        bar.append(title)
        return bar
      }),
    )
  }
}
