import type { Locator, Page } from 'playwright-core'

/** One view of the side bar, found by its title. Its container has to be showing. */
export interface TreeView {
  /** Rows on screen: the tree is virtual, what is scrolled away is not in it. */
  rows(): Promise<TreeRow[]>
  /** Label, then description, of each row on screen, indented by level: to compare a whole tree at a glance. */
  text(): Promise<string>
  /** Waits until a row with this label is there. */
  row(label: string): Promise<TreeRow>
  expand(label: string): Promise<void>
  collapse(label: string): Promise<void>
  /** As for a user, a click expands or collapses a row with children. `with`: a key held down, to select more rows. */
  click(label: string, options?: { with?: 'Control' | 'Shift' }): Promise<void>
  /** Puts the keyboard on the row, and neither opens nor closes it. */
  focus(label: string): Promise<void>
  /** Opens the row's context menu, reads its entries, and leaves it again. */
  menu(label: string): Promise<string[]>
  /** Chooses an entry of the row's context menu. */
  choose(label: string, entry: string): Promise<void>
  /** Presses a button that the row shows while the mouse is over it. */
  press(label: string, action: string): Promise<void>
  /** Presses a button of the view's title bar. */
  pressTitle(action: string): Promise<void>
  /** What a view without rows says, its buttons among it. Waits until it says something. */
  welcome(): Promise<string>
}

export interface TreeRow {
  readonly label: string
  readonly description: string
  /** 1 for a root. */
  readonly level: number
  /** Undefined for a row without children. */
  readonly isExpanded: boolean | undefined
  readonly isSelected: boolean
  /** The codicon's name, e.g. `server`; empty without one. */
  readonly icon: string
}

export function treeViewOf(page: Page, title: string): TreeView {
  const pane = page
    .locator('.pane')
    .filter({ has: page.locator('.pane-header h3.title').getByText(title, { exact: true }) })
  const rowsIn = pane.getByRole('treeitem')
  const rowOf = (label: string): Locator =>
    rowsIn.filter({ has: page.locator('.label-name').getByText(label, { exact: true }) }).first()
  const read = (): Promise<TreeRow[]> => readRows(rowsIn)
  const setExpanded = async (label: string, isWanted: boolean): Promise<void> => {
    const row = rowOf(label)
    if ((await row.getAttribute('aria-expanded')) === String(isWanted)) return
    await row.locator('.monaco-tl-twistie').click()
    await page.waitForFunction(([element, wanted]) => element?.getAttribute('aria-expanded') === wanted, [
      await row.elementHandle(),
      String(isWanted),
    ] as const)
  }
  const openMenu = async (label: string): Promise<Locator> => {
    const menu = page.locator('.monaco-menu').last()
    // A row that is drawn anew between press and release opens none, and what takes the focus closes one again.
    for (let isOpen = false; !isOpen; ) {
      await rowOf(label).click({ button: 'right' })
      isOpen = await menu.waitFor({ timeout: 3_000 }).then(
        () => true,
        () => false,
      )
    }
    return menu
  }
  return {
    rows: read,
    text: async () =>
      (await read())
        .map(
          (row) => `${'  '.repeat(row.level - 1)}${[row.label, row.description].filter(Boolean).join('  ')}`,
        )
        .join('\n'),
    row: async (label) => {
      await rowOf(label).waitFor()
      const [row] = await readRows(rowOf(label))
      if (row === undefined) throw new Error(`the row ${label} went away as it was read`)
      return row
    },
    expand: (label) => setExpanded(label, true),
    collapse: (label) => setExpanded(label, false),
    click: (label, options) => rowOf(label).click({ modifiers: options?.with ? [options.with] : [] }),
    focus: async (label) => {
      await openMenu(label)
      await page.keyboard.press('Escape')
    },
    menu: async (label) => {
      const menu = await openMenu(label)
      const entries = await menu.getByRole('menuitem').allInnerTexts()
      await page.keyboard.press('Escape')
      await menu.waitFor({ state: 'hidden' })
      return entries.map((entry) => entry.trim())
    },
    choose: async (label, entry) => {
      for (let isChosen = false; !isChosen; ) {
        const menu = await openMenu(label)
        // Not by its name, in which the keybinding is.
        const item = menu
          .getByRole('menuitem')
          .filter({ has: page.locator('.action-label').getByText(entry, { exact: true }) })
        // For its first 100 ms a menu ignores clicks: the release of the button that opened it is not to choose an entry.
        for (let isOpen = true; isOpen; ) {
          const isClicked = await item.click({ timeout: 2_000 }).then(
            () => true,
            () => false,
          )
          isChosen ||= isClicked
          isOpen = await menu.waitFor({ state: 'hidden', timeout: 500 }).then(
            () => false,
            () => true,
          )
        }
      }
    },
    press: async (label, action) => {
      await rowOf(label).hover()
      await rowOf(label).getByRole('button', { name: action }).click()
    },
    pressTitle: async (action) => {
      await pane.locator('.pane-header').hover()
      await pane.locator('.pane-header').getByRole('button', { name: action }).click()
    },
    welcome: async () =>
      (await pane.locator('.welcome-view-content').filter({ hasText: /\S/ }).innerText()).trim(),
  }
}

/** In the page, and all at once: a row that goes away meanwhile would be waited for. */
function readRows(rows: Locator): Promise<TreeRow[]> {
  return rows.evaluateAll((elements) =>
    elements.map((element) => {
      const text = (selector: string): string => element.querySelector(selector)?.textContent?.trim() ?? ''
      const expanded = element.getAttribute('aria-expanded')
      const icon = element.querySelector('.custom-view-tree-node-item-icon')?.className ?? ''
      return {
        label: text('.label-name'),
        description: text('.label-description'),
        level: Number(element.getAttribute('aria-level')),
        isExpanded: expanded === null ? undefined : expanded === 'true',
        isSelected: element.getAttribute('aria-selected') === 'true',
        icon: /codicon-(?!colored)([\w-]+)/.exec(icon)?.[1] ?? '',
      }
    }),
  )
}
