import type { Locator, Page } from 'playwright-core'

export interface Palette {
  /** Runs the command that is listed under exactly this title, category included. */
  run(title: string): Promise<void>
  /** Titles that a text finds: to see what is offered and what is not. */
  find(text: string): Promise<string[]>
}

export function paletteOf(page: Page): Palette {
  const widget = page.locator('.quick-input-widget').filter({ visible: true })
  const rows = widget.locator('.quick-input-list .monaco-list-row')
  const label = '.quick-input-list-row:first-child .label-name'
  const titles = async (): Promise<string[]> =>
    (await rows.locator(label).allTextContents()).map((title) => title.trim())

  /** Types into the palette until a row is there. It may lose the focus to whatever is just closing, and just after a
   * start it may not know the extension's commands; it does not look again by itself. */
  const search = async (text: string, wanted: Locator): Promise<void> => {
    let cause: unknown
    for (let triesLeft = 4; triesLeft > 0; triesLeft -= 1) {
      try {
        await page.keyboard.press('F1')
        await widget.locator('.quick-input-box input').fill(`>${text}`, { timeout: 4_000 })
        await wanted.first().waitFor({ timeout: 4_000 })
        return
      } catch (error) {
        cause = error
        if (triesLeft > 1) await page.keyboard.press('Escape')
      }
    }
    throw new Error(`The palette does not show "${text}", only: ${(await titles()).join(', ')}`, { cause })
  }
  return {
    run: async (title) => {
      const row = rows.filter({ has: page.locator(label).getByText(title, { exact: true }) })
      await search(title, row)
      await row.click()
    },
    find: async (text) => {
      await search(text, rows.filter({ hasText: text }).or(rows.filter({ hasText: 'No matching' })))
      const found = await titles()
      await page.keyboard.press('Escape')
      await widget.waitFor({ state: 'hidden' })
      return found
    },
  }
}
