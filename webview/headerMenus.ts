import type { FromPage, Subset } from '../src/page/fromPage.ts'
import { formatCount } from './format.ts'
import type { RunModel } from './runModel.ts'
import { subsetItems } from './subsetItems.ts'
import type { MenuItem } from './ui/menuButton.ts'
import { t } from './words.ts'

/** The menus for the whole run. */
export class HeaderMenus {
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#ask = ask
  }

  againItems(): MenuItem[][] {
    const again = (on: Subset) => this.#ask({ type: 'run-again', on })
    return [
      [{ label: t('On all agents that match now'), onPick: () => again({ kind: 'all' }) }],
      subsetItems(this.#model, again),
    ]
  }

  otherItems(): MenuItem[][] {
    const other = (on: Subset) => this.#ask({ type: 'run-other', on })
    const { total } = this.#model
    return [
      [
        {
          label: t('On all agents of this run'),
          detail: formatCount(total),
          enabled: total > 0,
          onPick: () => other({ kind: 'all' }),
        },
      ],
      subsetItems(this.#model, other),
    ]
  }

  copyItems(): MenuItem[][] {
    const shown = this.#model.shown().map(({ id }) => id)
    const hosts = (folded: boolean) => this.#ask({ type: 'copy-hosts', of: { agents: shown }, folded })
    const detail = formatCount(shown.length)
    return [
      [
        {
          label: t('Hosts shown, one per line'),
          detail,
          enabled: shown.length > 0,
          onPick: () => hosts(false),
        },
        { label: t('Hosts shown, folded'), detail, enabled: shown.length > 0, onPick: () => hosts(true) },
      ],
      [{ label: t('Run as Markdown'), onPick: () => this.#ask({ type: 'copy-markdown' }) }],
      [{ label: t('Command'), onPick: () => this.#ask({ type: 'copy-command' }) }],
    ]
  }

  moreItems(): MenuItem[][] {
    const kind = this.#model.run?.action.kind
    return [
      [{ label: t('Compare with the run before'), onPick: () => this.#ask({ type: 'compare-before' }) }],
      [
        {
          label: t('Save as snippet…'),
          enabled: kind === 'shell' || kind === 'script',
          onPick: () => this.#ask({ type: 'save-snippet' }),
        },
        { label: t('Copy link to run'), onPick: () => this.#ask({ type: 'copy-link' }) },
      ],
    ]
  }

  exportItems(): MenuItem[][] {
    const save = (label: string, detail: string, format: 'json' | 'ndjson' | 'csv' | 'text'): MenuItem => ({
      ...{ label, detail },
      onPick: () => this.#ask({ type: 'export', format }),
    })
    return [
      [
        save('JSON', t('everything'), 'json'),
        save('NDJSON', t('one agent per line'), 'ndjson'),
        save('CSV', t('for spreadsheets'), 'csv'),
        save(t('Text'), t('readable text'), 'text'),
      ],
    ]
  }
}
