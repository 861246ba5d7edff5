import type { Page } from 'playwright-core'

type State = 'list' | 'detail' | 'menu' | 'search' | 'table'

/** What can be open on the results page. */
export const pageStates: Readonly<Record<State, (page: Page) => Promise<void>>> = {
  list,
  detail: async (page) => {
    await page.locator('.group').first().click()
    await page.locator('.line-text:visible').first().waitFor()
  },
  menu: async (page) => {
    await list(page)
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem').first().waitFor()
  },
  search: async (page) => {
    await list(page)
    await page.keyboard.press('Control+f')
    await page.keyboard.type('nginx')
    await page.locator('.search-status:not(:empty)').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.line.current mark').first().waitFor()
  },
  table: async (page) => {
    await page.getByRole('button', { name: /^Table of values/ }).click()
    await page.locator('.table-row').first().waitFor()
  },
}

function list(page: Page): Promise<void> {
  return page.locator('.group').first().waitFor()
}
