import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { OpenPage, Theme } from './resultsPage.ts'
import { PageBrowser } from './resultsPage.ts'
import { disksOfForty, reloadOfSixty } from './scenarios.ts'
import type { SimulatedRun } from './simulatedRun.ts'

/** Pictures of the results page for the documents: 60 agents, three groups, one that timed out, one silent; the disks of 40. */
async function main(root: string): Promise<void> {
  const folder = path.join(root, 'docs/images')
  await mkdir(folder, { recursive: true })
  const browser = await PageBrowser.launch()
  for (const theme of ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const) {
    await takePicture(browser, path.join(folder, `results-${theme}.png`), theme, false, async ({ page }) => {
      await page.locator('.group').first().click()
      await page.getByRole('button', { name: 'Wrap long lines' }).click()
      await page.locator('.output .line-text', { hasText: 'emerg' }).waitFor()
    })
  }
  await takePicture(browser, path.join(folder, 'results-running.png'), 'dark', true, async ({ page }) => {
    await page.getByText('Reloading nginx.service').first().waitFor()
  })
  await takePicture(browser, path.join(folder, 'results-search.png'), 'dark', false, async ({ page }) => {
    await page.getByRole('textbox', { name: 'Search all output' }).fill('worker')
    await page.getByText('112 in 56 outputs').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.line.current').waitFor()
  })
  const disks = await disksOfForty({ view: { rows: 'Mounted on=/', sort: '-Use%' } })
  await takePictureOf(disks, browser, path.join(folder, 'results-table.png'), 'dark', async ({ page }) => {
    await page.getByRole('grid', { name: 'Table of values' }).getByText('web-28').waitFor()
    await page.getByText('Use%: 0% to 99%, median').waitFor()
  })
  await browser.close()
}

async function takePicture(
  browser: PageBrowser,
  file: string,
  theme: Theme,
  midway: boolean,
  prepare: (opened: OpenPage) => Promise<void>,
): Promise<void> {
  await takePictureOf(await reloadOfSixty({ midway }), browser, file, theme, async (opened) => {
    await opened.page.locator('.group').nth(2).waitFor()
    await opened.page.locator('.latency').waitFor()
    await opened.page.locator('.agent .cell-line:visible').first().waitFor()
    await prepare(opened)
  })
}

async function takePictureOf(
  simulated: SimulatedRun,
  browser: PageBrowser,
  file: string,
  theme: Theme,
  prepare: (opened: OpenPage) => Promise<void>,
): Promise<void> {
  const environment = { name: 'production', protected: true, colour: 'red' }
  const opened = await browser.open({ run: simulated.run, theme, environment, width: 1280, height: 820 })
  await prepare(opened)
  await opened.page.mouse.move(640, 2)
  await opened.page.evaluate(
    'document.activeElement.matches("vscode-button") && document.activeElement.blur()',
  )
  await opened.page.screenshot({ path: file })
  await opened.close()
  await simulated.close()
}

await main(process.argv[2] ?? '')
