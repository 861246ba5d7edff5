import type { BinRange } from '../src/answers/columnSummary.ts'
import type { TableWindow } from '../src/page/tableWindow.ts'
import { element, setAttributes, setText, show } from './ui/dom.ts'
import { t } from './words.ts'

type Summary = NonNullable<TableWindow['summary']>

/** What the values of the column that sorts the table are like: lowest, median, highest, and bars that narrow the rows: one, or with Shift all from the chosen one to another. */
export class TableSummary {
  readonly element = element('div', { class: 'table-summary', hidden: true })
  readonly #text = element('span', { class: 'table-summary-text' })
  readonly #bars = element('div', { class: 'table-bars', role: 'group' })
  readonly #onPick: (bars: BinRange | undefined) => void
  #chosen: BinRange | undefined
  /** The bar from which Shift chooses. */
  #anchor = 0

  constructor(onPick: (bars: BinRange | undefined) => void) {
    this.#onPick = onPick
    this.element.append(this.#text, this.#bars)
  }

  render(summary: Summary | undefined, chosen: BinRange | undefined): void {
    show(this.element, summary !== undefined)
    if (summary === undefined) return
    this.#chosen = chosen
    const { title, lowest, median, highest, bins } = summary
    setText(this.#text, t('{0}: {1} to {2}, median {3}', title, lowest, highest, median))
    setAttributes(this.#bars, { 'aria-label': t('Show only rows by {0}. With Shift, several bars.', title) })
    const most = Math.max(1, ...bins.map(({ count }) => count))
    this.#bars.replaceChildren(
      ...bins.map(({ count, lowest: from, highest: to }, bin) => {
        const range = from === to ? from : t('{0} to {1}', from, to)
        const label = count === 1 ? t('{0}: 1 row', range) : t('{0}: {1} rows', range, count)
        const filling = element('span', { class: 'table-bar-filling' })
        filling.style.height = `${count === 0 ? 0 : Math.max(12, Math.round((Math.sqrt(count) / Math.sqrt(most)) * 100))}%`
        const bar = element(
          'button',
          {
            class: 'table-bar',
            type: 'button',
            title: label,
            'aria-label': label,
            'aria-pressed': chosen !== undefined && chosen.from <= bin && bin <= chosen.to ? 'true' : 'false',
          },
          filling,
        )
        if (count === 0) setAttributes(bar, { disabled: true })
        bar.addEventListener('click', ({ shiftKey }) => this.#onPick(this.#pick(bin, shiftKey)))
        return bar
      }),
    )
  }

  #pick(bin: number, isMore: boolean): BinRange | undefined {
    const { from, to } = this.#chosen ?? {}
    if (isMore && from !== undefined)
      return { from: Math.min(this.#anchor, bin), to: Math.max(this.#anchor, bin) }
    this.#anchor = bin
    return from === bin && to === bin ? undefined : { from: bin, to: bin }
  }
}
