import { element } from './ui/dom.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** The list of the keys of the page. */
export class ShortcutHelp {
  readonly element: HTMLDialogElement
  #before: Element | null = null

  constructor() {
    const close = button({ label: t('Close'), onPress: () => this.element.close() })
    const title = element('h2', { id: 'shortcuts-title' }, t('Keys of this page'))
    const rows = keys().map(([names, meaning]) =>
      element(
        'tr',
        {},
        element('td', {}, ...names.map((name) => element('kbd', {}, name))),
        element('td', {}, meaning),
      ),
    )
    this.element = element(
      'dialog',
      { class: 'shortcuts', 'aria-labelledby': 'shortcuts-title' },
      ...[title, element('table', {}, element('tbody', {}, ...rows)), close],
    )
    this.element.addEventListener('close', () => {
      if (this.#before instanceof HTMLElement) this.#before.focus()
    })
  }

  get isOpen(): boolean {
    return this.element.open
  }

  open(): void {
    this.#before = document.activeElement
    this.element.showModal()
  }
}

function keys(): readonly (readonly [names: readonly string[], meaning: string])[] {
  return [
    [['/', 'Ctrl+F'], t('Search all output')],
    [['j', 'k'], t('Next and previous row; beside an open reply, its neighbour')],
    [['Enter'], t('Open the row')],
    [['F3', 'Shift+F3'], t('Next and previous match')],
    [['r'], t('Run again on all agents that match now, after a review')],
    [['Escape'], t('Close the open reply')],
    [['?'], t('Show these keys')],
  ]
}
