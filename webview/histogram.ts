import type { AgentRow } from '../src/page/toPage.ts'
import { formatAgents, formatDuration } from './format.ts'
import { latencyBars } from './latencyBars.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

const svgNamespace = 'http://www.w3.org/2000/svg'
const barCount = 28
const barWidth = 4
const height = 22
const everyMs = 400
const leastTimes = 3

/** What the chart shows: how long the command ran, or how long agents took to the first sign of life. */
type Kind = 'ran' | 'first'

const kinds: Record<
  Kind,
  { readonly name: string; readonly hint: string; of(row: AgentRow): number | undefined }
> = {
  ran: {
    name: t('Ran'),
    hint: t('How long the command ran. Press to show the time to the first response.'),
    of: ({ durationMs }) => durationMs,
  },
  first: {
    name: t('First response'),
    hint: t('Time from sending to the first response. Press to show how long the command ran.'),
    of: ({ latencyMs }) => latencyMs,
  },
}

function other(kind: Kind): Kind {
  return kind === 'ran' ? 'first' : 'ran'
}

/** Times of the agents, as a small chart beside the progress that says which times. */
export class TimesHistogram {
  readonly element: HTMLElement
  readonly #svg = document.createElementNS(svgNamespace, 'svg')
  readonly #text = element('span', { class: 'latency-text' })
  readonly #kind = element('button', { class: 'latency-kind', type: 'button' })
  /** What a person has chosen; until then it shows what there is. */
  #chosen: Kind | undefined
  #shows: Kind = 'ran'
  #rows: () => Iterable<AgentRow> = () => []
  #seen = ''
  #drawnAt = Number.NEGATIVE_INFINITY
  #timer: number | undefined

  constructor() {
    this.#svg.setAttribute('viewBox', `0 0 ${barCount * barWidth} ${height}`)
    this.#svg.setAttribute('width', String(barCount * barWidth))
    this.#svg.setAttribute('height', String(height))
    this.#svg.setAttribute('aria-hidden', 'true')
    this.element = element('div', { class: 'latency', hidden: true }, this.#kind, this.#svg, this.#text)
    this.#kind.addEventListener('click', () => {
      this.#chosen = other(this.#shows)
      this.#draw()
    })
  }

  /** Draws it if there is more than before, at most a few times a second. @param seen differs when there is more */
  render(rows: () => Iterable<AgentRow>, seen: string): void {
    this.#rows = rows
    if (seen === this.#seen || this.#timer !== undefined) return
    const waitMs = Math.max(0, this.#drawnAt + everyMs - performance.now())
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined
      this.#seen = seen
      this.#drawnAt = performance.now()
      this.#draw()
    }, waitMs)
  }

  #draw(): void {
    const found = { ran: this.#times('ran'), first: this.#times('first') }
    this.#shows = this.#chosen ?? (found.ran.length >= leastTimes ? 'ran' : 'first')
    const times = found[this.#shows]
    const { name, hint } = kinds[this.#shows]
    // Of few agents the rows say it. The other kind stays reachable where a chosen one has nothing yet.
    show(this.element, Math.max(found.ran.length, found.first.length) >= leastTimes)
    setText(this.#kind, name)
    setAttributes(this.#kind, { title: hint })
    times.sort((a, b) => a - b)
    const median = times[Math.floor(times.length / 2)]
    setText(
      this.#text,
      median === undefined
        ? ''
        : t('median {0}, slowest {1}', formatDuration(median), formatDuration(times.at(-1) ?? 0)),
    )
    this.#drawBars(times)
  }

  #times(kind: Kind): number[] {
    const times: number[] = []
    for (const row of this.#rows()) {
      const time = kinds[kind].of(row)
      if (time !== undefined) times.push(time)
    }
    return times
  }

  #drawBars(times: readonly number[]): void {
    const bars = latencyBars(times, barCount)
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
