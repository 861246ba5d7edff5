import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { unexpectedComplaints } from '../../support/complaints.ts'
import { type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let simulated: SimulatedRun
let opened: OpenPage

beforeAll(async () => {
  browser = await PageBrowser.launch()
})

afterAll(() => browser.close())

afterEach(async () => {
  expect(unexpectedComplaints(opened.complaints)).toEqual([])
  expect(opened.rejected).toEqual([])
  await opened.close()
  await simulated.close()
})

/** The page with the output of one agent open. */
async function outputOf(text: string | Uint8Array): Promise<OpenPage['page']> {
  simulated = await simulateRun(['web1'])
  simulated.finish('web1', 0, [{ stream: 1, text }])
  opened = await browser.open({ run: simulated.run })
  await opened.page.locator('.line').first().waitFor()
  return opened.page
}

const html = `<img src=x onerror="window.pwned=1"><script>window.pwned=2</script><a href="javascript:pwned=3">x</a><style>*{display:none}</style>`

describe('output that means harm', () => {
  it('stays text when it is HTML, wherever it stands', async () => {
    simulated = await simulateRun(['web1', 'web2'], {
      filter: '*',
      action: { kind: 'shell', command: `echo '${html}'` },
    })
    simulated.finish('web1', { kind: 'not-executed', reason: html }, [])
    simulated.refuse('web2', html)
    opened = await browser.open({ run: simulated.run })
    const { page } = opened
    await page.locator('.group').nth(1).waitFor()
    simulated.finish('web3', 0, [{ stream: 2, text: `${html}\n` }])
    await page.getByRole('grid', { name: 'Agents' }).getByText('web3').click()
    await page.locator('.line-text', { hasText: 'onerror' }).waitFor()
    expect(await page.locator('.page :is(img, a, style, script, iframe, form)').count()).toBe(0)
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(await page.locator('.line-text:visible').first().textContent()).toBe(html)
  })

  it('links addresses of the web as they are shown, by mouse and keyboard, and none that would lead elsewhere', async () => {
    const page = await outputOf(
      '\x1b[32mhttps://exam\x1b[31mple.org/a\x1b[0m. https://example.org@evil.example/ https://\u0435xample.org/ javascript:alert(1)\n',
    )
    const links = page.locator('.line-text:visible').getByRole('link')
    await links.first().click()
    expect(await links.allTextContents()).toEqual(['https://example.org/a'])
    await links.first().focus()
    await page.keyboard.press('Enter')
    const asked = () => opened.requests.filter(({ type }) => type === 'open-link')
    await expect.poll(asked).toEqual(Array(2).fill({ type: 'open-link', url: 'https://example.org/a' }))
  })

  it('cannot set titles, make links, reach the clipboard or move the cursor', async () => {
    const page = await outputOf(
      'a\x1b]0;pwned\x07b\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\c\x1b]52;c;cHduZWQ=\x07d\x1b[2J\x1b[1;1He\x1bP+q\x1b\\f\n',
    )
    expect(await page.locator('.line-text:visible').allTextContents()).toEqual(['ablinkcdef'])
    expect(await page.title()).toBe('Results')
  })

  it('shows what turns the direction of writing round, and what cannot be seen', async () => {
    const page = await outputOf('user\u202e nimda\u2066x\u2069 zero\u200bwidth \u{e0041}tag\n')
    expect(await page.locator('.output .codepoint').allTextContents()).toEqual([
      'U+202E',
      'U+2066',
      'U+2069',
      'U+200B',
      'U+E0041',
    ])
    const positions = (await page.evaluate(`(() => {
      const line = document.querySelector('.line-text')
      const range = document.createRange()
      range.selectNodeContents(line.lastChild)
      return [range.getBoundingClientRect().left, line.getBoundingClientRect().left]
    })()`)) as [number, number]
    expect(positions[0]).toBeGreaterThan(positions[1])
  })

  it('has computed colours, never styles of its own, and other ones in another theme', async () => {
    const page = await outputOf(
      '\x1b[31mred\x1b[0m \x1b[1;4;38;2;1;2;3mtrue\x1b[0m \x1b[38;5;208mpalette\x1b[0m \x1b[7mturned\x1b[0m\n',
    )
    expect(
      await page
        .locator('.line-text span')
        .evaluateAll((spans) => spans.map((span) => [span.textContent, span.className])),
    ).toEqual([
      ['red', 'ansi'],
      ['true', 'ansi ansi-bold ansi-underline'],
      ['palette', 'ansi'],
      ['turned', 'ansi'],
    ])
    const colours = (text: string) =>
      page
        .locator('.line-text span', { hasText: text })
        .evaluate(({ style }) => [style.color, style.backgroundColor])
    expect(await colours('palette')).toEqual(['rgb(255, 135, 0)', ''])
    expect(await colours('turned')).toEqual(['rgb(31, 31, 31)', 'rgb(204, 204, 204)'])
    const [dark] = await colours('true')
    expect(dark).not.toBe('rgb(1, 2, 3)')
    await page.evaluate("document.documentElement.style.setProperty('--vscode-editor-background', '#ffffff')")
    await expect.poll(() => colours('true')).toEqual(['rgb(1, 2, 3)', ''])
    expect((await colours('palette'))[0]).not.toBe('rgb(255, 135, 0)')
  })

  it('shows a progress bar as its last state', async () => {
    const page = await outputOf(
      `${Array.from({ length: 101 }, (_, percent) => `\r${percent} % [${'#'.repeat(percent)}]`).join('')}\ndone\n`,
    )
    expect(await page.locator('.line-text:visible').allTextContents()).toEqual([
      `100 % [${'#'.repeat(100)}]`,
      'done',
    ])
  })

  it('shows binary garbage as signs', async () => {
    const page = await outputOf(Uint8Array.from({ length: 4096 }, (_, index) => (index * 167) % 256))
    expect((await page.locator('.line-text:visible').allTextContents()).join('')).not.toMatch(
      /[\x00-\x08\x0e-\x1f\x7f-\x9f]/,
    )
  })
})

describe('output without measure', () => {
  it('is shown in its beginning when it is one line of 100 MB, and the page stays quick', {
    timeout: 60_000,
  }, async () => {
    simulated = await simulateRun(['web1'])
    const piece = Buffer.alloc(1024 * 1024, 'x')
    for (let count = 0; count < 100; count += 1) simulated.write('web1', 1, piece)
    simulated.finish('web1', 0)
    opened = await browser.open({ run: simulated.run })
    const { page } = opened
    await page.getByText('104,852,600 more characters').waitFor({ timeout: 50_000 })
    expect(await page.locator('.line:visible').count()).toBe(1)
    const taken = await startProcessorTime(page)
    await page.getByRole('button', { name: 'Wrap long lines' }).click()
    await page.locator('.output.wrap').waitFor()
    expect(await taken()).toBeLessThan(2)
    expect(((await page.evaluate('performance.memory.usedJSHeapSize')) as number) / 2 ** 20).toBeLessThan(150)
  })

  it('can be scrolled from the first to the last of 100,000 lines', { timeout: 60_000 }, async () => {
    const page = await outputOf(
      Array.from({ length: 100_000 }, (_, index) => `line ${index + 1} of many\n`).join(''),
    )
    const output = page.getByRole('region', { name: 'Output of web1' })
    await output.getByText('line 1 of many').waitFor()
    // All of it is here: a line is 18 px high at least.
    await expect.poll(() => output.evaluate((scroller) => scroller.scrollHeight)).toBeGreaterThan(1_800_000)
    await output.focus()
    await page.keyboard.press('End')
    await output.getByText('line 100000 of many').waitFor()
    await output.evaluate((scroller) => {
      scroller.scrollTop = scroller.scrollHeight / 2
    })
    await output
      .getByText(/line 500\d\d of many/)
      .first()
      .waitFor()
    expect(await page.locator('.line:visible').count()).toBeLessThan(200)
    await page.keyboard.press('Home')
    await output.getByText('line 1 of many').waitFor()
  })
})

/** Counts from now on what the page takes of the processor, seconds: what else the machine does meanwhile is left out. */
async function startProcessorTime(page: OpenPage['page']): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const taken = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
  }
  const before = await taken()
  return async () => (await taken()) - before
}
