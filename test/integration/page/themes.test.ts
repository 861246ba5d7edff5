import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unexpectedComplaints } from '../../support/complaints.ts'
import { PageBrowser, type Theme } from '../../support/resultsPage.ts'
import { reloadOfSixty } from '../../support/scenarios.ts'
import type { SimulatedRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let simulated: SimulatedRun

beforeAll(async () => {
  browser = await PageBrowser.launch()
  simulated = await reloadOfSixty()
})

afterAll(async () => {
  await browser.close()
  await simulated.close()
})

/**
 * Contrast (WCAG 2) of each text with what is painted behind it, and the least for its kind: 4.5 for text, 3 for icons.
 * Runs in the page.
 */
const contrasts = `(() => {
  const parse = (colour) => {
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
    return { r, g, b, a: a / 255 }
  }
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  })
  const luminance = ({ r, g, b }) => {
    const linear = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  const behind = (element) => {
    const layers = []
    for (let at = element; at !== null; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor))
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 })
  }
  const ratio = (element) => {
    const under = behind(element)
    const [a, b] = [luminance(over(parse(getComputedStyle(element).color), under)), luminance(under)]
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  }
  const poor = []
  for (const element of document.querySelectorAll('.page *')) {
    if (!element.checkVisibility() || element.closest('.spoken, .line-number') !== null) continue
    const isIcon = element.matches('.state .icon, .chip .icon')
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
    if (!isIcon && !hasText) continue
    const found = ratio(element)
    if (found < (isIcon ? 3 : 4.5)) poor.push(element.className + ' ' + element.textContent.slice(0, 30) + ': ' + found.toFixed(1))
  }
  return [...new Set(poor)]
})()`

describe.each<Theme>(['dark', 'light', 'high-contrast', 'high-contrast-light'])(
  'the page in the theme %s',
  (theme) => {
    it('can be read, and breaks no policy', async () => {
      const environment = { name: 'production', protected: true, colour: 'red' }
      const { page, complaints, close } = await browser.open({ run: simulated.run, theme, environment })
      try {
        await page.locator('.group').nth(3).waitFor()
        expect(await page.evaluate(contrasts)).toEqual([])
        await page.locator('.group').first().click()
        await page.locator('.line').first().waitFor()
        expect(await page.evaluate(contrasts)).toEqual([])
        expect(unexpectedComplaints(complaints)).toEqual([])
      } finally {
        await close()
      }
    })

    it('names every verdict by an icon and a word', async () => {
      const { page, close } = await browser.open({ run: simulated.run, theme })
      try {
        await page.locator('.group').nth(3).waitFor()
        const states = page.locator('.state, .chip')
        const bare = await states.evaluateAll((all) =>
          all
            .filter((state) => state.checkVisibility())
            .filter((state) => state.querySelector('.icon') === null || state.innerText.trim() === ''),
        )
        expect(bare).toEqual([])
      } finally {
        await close()
      }
    })
  },
)

describe('the page', () => {
  it('moves nothing by itself, so that there is nothing to turn off for those who want no motion', async () => {
    const running = await reloadOfSixty({ midway: true })
    const { page, close } = await browser.open({ run: running.run })
    try {
      await page.locator('.segment:visible').first().waitFor()
      running.finish('web41', 0)
      await page.locator('.progress-summary', { hasText: '35' }).waitFor()
      expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    } finally {
      await close()
      await running.close()
    }
  })
})
