import type { Locator, Page } from 'playwright-core'

/** The quick pick or input box that is open. Methods wait until one is. */
export interface QuickInput {
  /** Waits until one with this title is open: the way to go from one step of a flow to the next. */
  titled(title: string | RegExp): Promise<void>
  title(): Promise<string>
  /** The grey text of an empty box. */
  placeholder(): Promise<string>
  /** Text below the box: an input box's prompt, or what is wrong with the value. */
  message(): Promise<string>
  /** Items on screen: the list is virtual, what is scrolled away is not in it. */
  items(): Promise<QuickPickRow[]>
  /** Replaces what is in the box. */
  type(text: string): Promise<void>
  /** Clicks the item with exactly this label; in a pick of many, that ticks or unticks it. */
  pick(label: string): Promise<void>
  /** Enter: takes the focused item, or the text. */
  accept(): Promise<void>
  /** Escape. */
  cancel(): Promise<void>
  /** A button of the title bar, such as Back. */
  press(button: string): Promise<void>
  closed(): Promise<void>
}

export interface QuickPickRow {
  readonly label: string
  readonly description: string
  readonly detail: string
  /** Undefined where only one can be picked. */
  readonly isTicked: boolean | undefined
  /** The one that Enter takes. */
  readonly isFocused: boolean
}

export function quickInputOf(page: Page): QuickInput {
  const widget = page.locator('.quick-input-widget').filter({ visible: true })
  const box = widget.locator('.quick-input-box input')
  const rows = widget.locator('.quick-input-list .monaco-list-row')
  return {
    titled: (title) => widget.locator('.quick-input-title', { hasText: title }).waitFor(),
    title: async () => (await widget.locator('.quick-input-title').textContent()) ?? '',
    placeholder: async () => (await box.getAttribute('placeholder')) ?? '',
    message: async () => (await widget.locator('.quick-input-message').textContent()) ?? '',
    items: async () => {
      await widget.waitFor()
      return readRows(rows)
    },
    type: (text) => box.fill(text),
    pick: (label) => rows.filter({ has: labelled(page, label) }).click(),
    accept: () => box.press('Enter'),
    cancel: () => box.press('Escape'),
    press: (button) => widget.getByRole('button', { name: button }).click(),
    closed: () => widget.waitFor({ state: 'hidden' }),
  }
}

/** In the page, and all at once: a row that goes away meanwhile would be waited for. */
function readRows(rows: Locator): Promise<QuickPickRow[]> {
  return rows.evaluateAll((elements) =>
    elements.map((element) => {
      const text = (selector: string): string => element.querySelector(selector)?.textContent?.trim() ?? ''
      const tick = element.querySelector('.quick-input-list-checkbox')
      return {
        label: text('.quick-input-list-row .label-name'),
        description: text('.quick-input-list-row .label-description'),
        detail: text('.quick-input-list-label-meta'),
        isTicked: tick ? tick.getAttribute('aria-checked') === 'true' : undefined,
        isFocused: element.classList.contains('focused'),
      }
    }),
  )
}

/** Icons stand before a label as elements without text of their own, and leave a space behind. */
function labelled(page: Page, label: string): Locator {
  return page.locator('.quick-input-list-row:first-child .label-name').getByText(label, { exact: true })
}
