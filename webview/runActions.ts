import type { FromPage } from '../src/page/fromPage.ts'
import type { RunHeader } from '../src/page/runHeader.ts'
import { HeaderMenus } from './headerMenus.ts'
import type { RunModel } from './runModel.ts'
import { element, show } from './ui/dom.ts'
import { menuButton } from './ui/menuButton.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** The buttons for the whole run: what a person may do with it now. */
export class RunActions {
  readonly element: HTMLElement
  readonly #cancel: HTMLElement
  readonly #again: HTMLElement

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#cancel = button({
      label: t('Cancel run'),
      icon: 'close',
      hint: t('Ask every agent that has not finished to stop the command'),
      onPress: () => ask({ type: 'cancel' }),
    })
    const menus = new HeaderMenus(model, ask)
    this.#again = menuButton({ label: t('Run again'), icon: 'again', items: () => menus.againItems() })
    const other = menuButton({
      label: t('Run another command'),
      icon: 'command',
      items: () => menus.otherItems(),
    })
    const copy = menuButton({ label: t('Copy'), icon: 'copy', items: () => menus.copyItems() })
    const more = menuButton({ label: t('More'), icon: 'more', kind: 'icon', items: () => menus.moreItems() })
    const save = menuButton({ label: t('Export'), icon: 'export', items: () => menus.exportItems() })
    this.element = element(
      'div',
      { class: 'head-actions', role: 'group', 'aria-label': t('Run') },
      ...[this.#cancel, this.#again, other, copy, save, more],
    )
  }

  render(run: RunHeader): void {
    const isSteered = run.live && run.phase !== 'over'
    show(this.#cancel, isSteered)
    this.#cancel.toggleAttribute('disabled', run.cancelling !== undefined)
    show(this.#again, !isSteered)
  }
}
