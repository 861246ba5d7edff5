import type { Page } from 'playwright-core'

export interface StatusBar {
  /** All items, left to right. */
  items(): Promise<StatusBarItem[]>
  /** Waits until some item's text has this in it. */
  shows(text: string | RegExp): Promise<void>
  click(text: string | RegExp): Promise<void>
}

export interface StatusBarItem {
  readonly id: string
  readonly text: string
  /** What a screen reader says: icons by name, and the tooltip. */
  readonly label: string
  readonly background: 'error' | 'warning' | 'none'
}

export function statusBarOf(page: Page): StatusBar {
  const all = page.locator('.statusbar-item')
  return {
    items: () =>
      all.evaluateAll((elements) =>
        elements.map((element) => {
          const kind = /\b(error|warning)-kind\b/.exec(element.className)?.[1]
          return {
            id: element.id,
            text: element.textContent?.trim() ?? '',
            label: element.getAttribute('aria-label') ?? '',
            background: kind === 'error' || kind === 'warning' ? kind : 'none',
          }
        }),
      ),
    shows: (text) => all.filter({ hasText: text }).first().waitFor(),
    click: (text) => all.filter({ hasText: text }).first().getByRole('button').click(),
  }
}
