import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { say } from '../../../src/text/localizable.ts'
import { unexpectedComplaints } from '../../support/complaints.ts'
import { type OpenOptions, type OpenPage, PageBrowser } from '../../support/resultsPage.ts'
import { reloadOfSixty } from '../../support/scenarios.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

let browser: PageBrowser
let closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  browser = await PageBrowser.launch()
})

afterAll(() => browser.close())

afterEach(async () => {
  for (const close of closing) await close()
  closing = []
})

async function show(simulated: SimulatedRun, options: Partial<OpenOptions> = {}): Promise<OpenPage> {
  const opened = await browser.open({ run: simulated.run, ...options })
  closing.push(
    () => opened.close(),
    () => simulated.close(),
  )
  // The page is there a frame before anything is in it.
  await opened.page.locator('.head-where .environment').waitFor()
  return opened
}

const three = async () => {
  const simulated = await simulateRun(['web1', 'web2', 'db1'])
  simulated.finish('web1', 0, [{ stream: 1, text: 'up 3 days\n' }])
  simulated.finish('web2', 0, [{ stream: 1, text: 'up 3 days\n' }])
  simulated.finish('db1', 2, [{ stream: 2, text: 'no such file\n' }])
  return simulated
}

describe('the results page', () => {
  it('shows where, what, who, and how it ended: outliers before the majority', async () => {
    const { page, complaints } = await show(await reloadOfSixty(), {
      environment: { name: 'production', protected: true, colour: 'red' },
    })
    expect(await page.locator('.head-where').innerText()).toMatch(
      /production\s*protected\s*role = web and az/,
    )
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('sudo nginx -t')
    expect(await page.locator('.head-meta').innerText()).toMatch(
      /anna on atlas.*as deploy.*timeout 30 s.*took/s,
    )
    const groups = page.getByRole('grid', { name: 'Groups of identical replies' })
    await expect.poll(() => groups.getAttribute('aria-rowcount')).toBe('5')
    expect(await groups.getByRole('row').first().innerText()).toMatch(
      /failed\s*exit 1\s*web\[07,23\]\s*2 agents/,
    )
    await groups.getByRole('row').last().scrollIntoViewIfNeeded()
    expect(await groups.locator('.tag:visible').allTextContents()).toEqual(['majority'])
    const chips = page.getByRole('group', { name: 'Show only' }).getByRole('button')
    expect(
      await chips.evaluateAll((all) =>
        all.filter((chip) => chip.checkVisibility()).map((chip) => chip.innerText),
      ),
    ).toEqual([
      expect.stringMatching(/2\s*failed/),
      expect.stringMatching(/1\s*timed out/),
      expect.stringMatching(/1\s*no reply/),
      expect.stringMatching(/56\s*succeeded/),
    ])
    expect(unexpectedComplaints(complaints)).toEqual([])
  })

  it('follows a run from its first reply to its last', async () => {
    const simulated = await simulateRun(['web1', 'web2', 'db1'])
    const { page } = await show(simulated)
    const bar = page.getByRole('progressbar', { name: 'Agents that answered' })
    expect(await bar.getAttribute('aria-valuetext')).toBe('0 of 3')
    // Nothing is filled before anything has finished.
    const filled = () =>
      bar
        .locator('.segment:visible')
        .evaluateAll(
          (all) =>
            all.filter(
              (one) =>
                (
                  globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } }
                ).getComputedStyle(one).backgroundColor !== 'rgba(0, 0, 0, 0)',
            ).length,
        )
    expect(await filled()).toBe(0)
    const agents = page.getByRole('grid', { name: 'Agents' })
    simulated.ack('db1')
    await agents.getByRole('row', { name: 'running db1' }).waitFor()
    simulated.write('db1', 1, 'step 1\nstep 2\n')
    await agents.getByText('step 2').waitFor()
    simulated.finish('db1', 0, [{ stream: 1, text: 'done\n' }])
    await agents.getByRole('row', { name: 'succeeded db1' }).waitFor()
    await page.getByRole('button', { name: 'Cancel run' }).click()
    simulated.finish('web1', { kind: 'cancelled', started: true })
    simulated.finish('web2', { kind: 'cancelled', started: false })
    await expect.poll(() => bar.getAttribute('aria-valuetext')).toBe('3 of 3')
    await page.getByText('all accounted for').waitFor()
    await page.getByRole('button', { name: 'Cancel run' }).waitFor({ state: 'hidden' })
  })

  it('streams the output that is open, and keeps to its end', async () => {
    const simulated = await simulateRun(['web1'])
    simulated.ack('web1')
    const { page } = await show(simulated)
    const output = page.getByRole('region', { name: 'Output of web1' })
    await output.waitFor()
    for (let batch = 0; batch < 20; batch += 1) {
      simulated.write(
        'web1',
        1,
        Array.from({ length: 50 }, (_, index) => `line ${batch * 50 + index}\n`).join(''),
      )
    }
    await output.getByText('line 999', { exact: true }).waitFor()
    expect(
      await output.evaluate((scroller) => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop),
    ).toBeLessThan(4)
    await output.hover()
    await page.mouse.wheel(0, -4000)
    await page.getByRole('button', { name: 'Follow output' }).waitFor()
    simulated.write('web1', 1, 'line 1000\n')
    await page.getByRole('button', { name: 'Follow output' }).click()
    await output.getByText('line 1000', { exact: true }).waitFor()
  })

  it('narrows the lists by verdict, by host name, and back', async () => {
    const { page } = await show(await three())
    const agents = page.getByRole('grid', { name: 'Agents' })
    await page.getByRole('button', { name: /1 failed/ }).click()
    await expect.poll(() => agents.getAttribute('aria-rowcount')).toBe('2')
    expect(await page.getByRole('grid', { name: 'Groups' }).getAttribute('aria-rowcount')).toBe('1')
    await page.getByRole('button', { name: /1 failed/ }).click()
    await page.getByRole('textbox', { name: 'Filter hosts' }).fill('web')
    await expect.poll(() => agents.getAttribute('aria-rowcount')).toBe('3')
    await page.getByRole('textbox', { name: 'Filter hosts' }).fill('nowhere')
    await page.getByText('No agent matches the current filters').waitFor()
  })

  it('searches all output, counts, and moves from match to match over outputs', async () => {
    const { page } = await show(await three())
    await page.keyboard.press('Control+f')
    await page.keyboard.type('3 d')
    await page.getByText('2 in 2 outputs').waitFor()
    await expect
      .poll(() => page.getByRole('grid', { name: 'Agents' }).getAttribute('aria-rowcount'))
      .toBe('3')
    await page.keyboard.press('Enter')
    await page.locator('.line.current mark', { hasText: '3 d' }).waitFor()
    await page.keyboard.press('Escape')
    await expect
      .poll(() => page.getByRole('grid', { name: 'Agents' }).getAttribute('aria-rowcount'))
      .toBe('4')
    await page.keyboard.type('no match of this')
    await page.getByText('no match', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Regular expression' }).click()
    await page.getByRole('textbox', { name: 'Search all output' }).fill('(')
    await page.locator('.search-status', { hasText: 'Not a regular expression' }).waitFor()
  })

  it('tells stdout from stderr by more than colour', async () => {
    const simulated = await simulateRun(['web1'])
    simulated.finish('web1', 0, [
      { stream: 1, text: 'out\n' },
      { stream: 2, text: 'oops\n' },
    ])
    const { page } = await show(simulated)
    await page.locator('.line', { hasText: 'oops' }).waitFor()
    expect(await page.locator('.line:visible').allInnerTexts()).toEqual(['1\nout', '2\nerr\noops'])
  })

  it('says when there is no output, and when some is missing', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0)
    simulated.refuse('web2', 'Nobody may run this on Sundays.')
    const { page } = await show(simulated)
    await page.getByRole('grid', { name: 'Agents' }).getByText('web1').click()
    await page.locator('.output-empty', { hasText: 'No output.' }).waitFor()
    await page.getByRole('grid', { name: 'Agents' }).getByText('web2').click()
    await page.locator('.detail-note', { hasText: 'Nobody may run this on Sundays.' }).waitFor()
  })

  it('asks the host for everything that leaves the page', async () => {
    const { page, requests } = await show(await three())
    const asked = () =>
      requests.filter(({ type }) => !['ready', 'in-sight', 'output', 'close-output'].includes(type))
    await page.getByRole('button', { name: 'Run again' }).click()
    await page.getByRole('menuitem', { name: 'On agents that failed' }).click()
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'NDJSON' }).click()
    await page.getByRole('grid', { name: 'Groups' }).getByText('db1').click()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('menuitem', { name: 'With the majority' }).click()
    await page.getByRole('button', { name: 'Open as a document' }).click()
    await page.getByRole('button', { name: 'Run again here' }).click()
    await expect.poll(() => asked().length).toBe(5)
    const group = { group: expect.any(Number) }
    expect(asked()).toEqual([
      { type: 'run-again', on: { kind: 'failed' } },
      { type: 'export', format: 'ndjson' },
      { type: 'diff', of: group },
      { type: 'open-output', of: group },
      { type: 'run-again', on: { kind: 'group', ...group } },
    ])
  })

  it('compares a reply with any other that is then chosen in a list', async () => {
    const { page, requests } = await show(await three())
    const agents = page.getByRole('grid', { name: 'Agents' })
    const diffs = () => requests.filter(({ type }) => type === 'diff')
    await agents.getByText('web1').click()
    await page.getByRole('button', { name: 'Compare' }).click()
    expect(await page.getByRole('menuitem', { name: 'With the majority' }).isEnabled()).toBe(false)
    await page.getByRole('menuitem', { name: 'With another reply' }).click()
    await page.getByText('Compare web1 with…').waitFor()
    await agents.getByText('db1').click()
    await expect
      .poll(diffs)
      .toEqual([{ type: 'diff', of: { agent: agentIdOf('web1') }, with: { agent: agentIdOf('db1') } }])
    expect(await page.locator('.detail-title').innerText()).toBe('web1')
    // The question is answered: the next choice opens as ever.
    await agents.getByText('db1').click()
    await page.locator('.detail-title', { hasText: 'db1' }).waitFor()
    expect(diffs()).toHaveLength(1)
  })

  it('steers a rollout, and says how far it is', async () => {
    const simulated = await simulateRun(['web1', 'web2', 'web3'], {
      rollout: { canary: 1, batch: { count: 1 } },
    })
    const { page, requests } = await show(simulated)
    const rail = page.getByRole('list', { name: 'Rollout' })
    const stops = async () =>
      (await rail.getByRole('listitem').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '))
    expect(await stops()).toEqual(['canary (0 of 1)', 'batch 1 (1)', 'batch 2 (1)', 'done'])
    expect(await rail.locator('[aria-current=step]').innerText()).toContain('canary')
    await page.getByRole('button', { name: 'Pause rollout' }).click()
    simulated.run.pause()
    await page.getByText('Paused: no further agent starts · 1 agent still running').waitFor()
    await page.getByRole('button', { name: 'Continue rollout' }).click()
    await page.getByRole('button', { name: 'Stop rollout' }).click()
    const steered = () =>
      requests.map(({ type }) => type).filter((type) => type !== 'ready' && type !== 'in-sight')
    await expect.poll(steered).toEqual(['pause', 'resume', 'stop'])
    simulated.run.stopRollout()
    await page.getByRole('button', { name: /2 not started/ }).waitFor()
    await page.getByText('Stopped: stopped manually · 1 agent still running').waitFor()
    // The batches keep their numbers.
    expect(await stops()).toEqual(['canary (0 of 1)', 'batch 1 (1)', 'batch 2 (1)', 'stopped'])
    simulated.finish('web1', 1)
    await page.getByRole('button', { name: 'Continue with the rest' }).click()
    await page.getByRole('menuitem', { name: /On agents not started/ }).click()
    await page.getByRole('button', { name: 'Continue with the rest' }).click()
    await page.getByRole('menuitem', { name: /On these and all that did not succeed/ }).click()
    const again = () => requests.filter(({ type }) => type === 'run-again')
    await expect.poll(again).toEqual([
      { type: 'run-again', on: { kind: 'not-started' } },
      { type: 'run-again', on: { kind: 'rest' } },
    ])
    const agents = page.getByRole('grid', { name: 'Agents' })
    expect(await agents.locator('.agent .cell-step').allInnerTexts()).toEqual([
      'canary',
      'batch 1',
      'batch 2',
    ])
  })

  it('says since when SQS is away, what that means, and what has become of a cancel', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.ack('web1')
    const { page, requests } = await show(simulated)
    const away = page.getByRole('status').filter({ hasText: 'SQS has been away since' })
    await away.waitFor({ state: 'hidden' })
    const since = Date.now() - 34_000
    simulated.away({ since, why: say('Cannot reach SQS.'), waitsUntil: since + 300_000 })
    await simulated.tick()
    await away
      .filter({ hasText: /\((34|35|36) s\).*go on there.*No agent is given up before.*Cannot reach SQS\./s })
      .waitFor()
    await away.getByRole('button', { name: 'Doctor' }).click()
    await away.getByRole('button', { name: 'Show log' }).click()
    await expect
      .poll(() => requests.map(({ type }) => type))
      .toEqual(expect.arrayContaining(['doctor', 'show-log']))
    await simulated.run.cancel()
    const cancelling = page.getByRole('status').filter({ hasText: 'Asking agents to stop' })
    await cancelling
      .filter({ hasText: '0 confirmed, 2 still to confirm. They are asked again when SQS is back.' })
      .waitFor()
    simulated.away(undefined)
    await simulated.tick()
    await away.waitFor({ state: 'hidden' })
    simulated.finish('web1', { kind: 'cancelled', started: true })
    await cancelling.filter({ hasText: /1 confirmed, 1 still to confirm\.$/ }).waitFor()
    simulated.finish('web2', { kind: 'cancelled', started: false })
    await cancelling.waitFor({ state: 'hidden' })
  })

  it('says of an agent without a reply when it was asked, until when it is waited for, and what to do', async () => {
    const simulated = await simulateRun(['web1', 'web2'])
    simulated.finish('web1', 0)
    simulated.pass(5_000)
    await simulated.tick()
    const { page, requests } = await show(simulated)
    await page.getByRole('grid', { name: 'Agents' }).getByText('web2').click()
    const silence = page.getByRole('group', { name: 'Why there is no reply' })
    await silence.getByText(/^Sent .* ago\. It was asked again once,/).waitFor()
    await silence.getByText('Nothing was heard from it in this run.').waitFor()
    await silence.getByText(/^It is given up in \d+ s if it stays silent\.$/).waitFor()
    await silence.getByText('Its facts have not been seen').waitFor()
    await silence.getByRole('button', { name: 'Ping' }).click()
    await expect.poll(() => requests).toContainEqual({ type: 'ping', agent: agentIdOf('web2') })
    simulated.finish('web2', 0)
    await silence.waitFor({ state: 'hidden' })
  })

  it('says which times its chart shows, and shows others', async () => {
    const simulated = await simulateRun(['web1', 'web2', 'web3'])
    for (const host of ['web1', 'web2', 'web3']) simulated.finish(host, 0, [], 2_000)
    const { page } = await show(simulated)
    await page.locator('.latency', { hasText: 'median 2.0 s, slowest 2.0 s' }).waitFor()
    await page.getByRole('button', { name: 'Ran', exact: true }).click()
    await page.getByRole('button', { name: 'First response' }).waitFor()
    expect(await page.locator('.latency-text').innerText()).not.toContain('2.0 s')
  })

  it('brings back after a reload what was open, narrowed and sorted', async () => {
    const simulated = await three()
    const { page, session } = await show(simulated)
    await page.getByRole('columnheader', { name: 'Ran' }).click()
    await page.getByRole('textbox', { name: 'Filter hosts' }).fill('b1')
    await page.getByRole('grid', { name: 'Groups' }).getByText('web[1-2]').click()
    await page.locator('.output .line-text:visible', { hasText: 'up 3 days' }).waitFor()
    await expect
      .poll(() => page.evaluate('window.__state?.selected'))
      .toEqual({ groupOf: expect.any(String) })
    session.pause()
    await page.reload()
    await page.locator('.detail-title', { hasText: 'web[1-2]' }).waitFor()
    // The toolkit's fields take over a value one turn later.
    await expect.poll(() => page.getByRole('textbox', { name: 'Filter hosts' }).inputValue()).toBe('b1')
    await expect
      .poll(() => page.getByRole('columnheader', { name: 'Ran' }).getAttribute('aria-sort'))
      .toBe('descending')
  })

  it('keeps how far each list was scrolled', async () => {
    const { page } = await show(await reloadOfSixty())
    const scroller = page.locator('#agents')
    await scroller.evaluate((list) => list.scrollTo({ top: 200 }))
    await expect.poll(() => page.evaluate('window.__state?.scroll?.agents')).toBe(200)
  })

  it('asks for everything again when a message was lost', async () => {
    const simulated = await three()
    const { page, post, requests } = await show(simulated)
    await page.locator('.group').first().waitFor()
    const ready = () => requests.filter(({ type }) => type === 'ready').length
    const before = ready()
    post({ type: 'delta', seq: 4711, total: 3, counts: {}, rows: [] })
    await expect.poll(ready).toBe(before + 1)
    await page.getByRole('grid', { name: 'Agents' }).getByText('db1').waitFor()
  })

  it('says so when its run is no longer kept', async () => {
    const { page, post } = await show(await three())
    post({ type: 'not-kept', reason: 'This run is no longer in the history.' })
    await page.getByRole('alert').getByText('This run is no longer in the history.').waitFor()
  })

  it('speaks the language of the editor, and English where a word is not translated', async () => {
    const words = {
      'Run again': 'Noch "einmal" <b>',
      '{0} agents': '{0} Agenten',
      'took {0}': 'dauerte {0}',
      succeeded: 'gelungen',
    }
    const { page, complaints } = await show(await three(), { language: { language: 'de', words } })
    await page.getByRole('button', { name: 'Noch "einmal" <b>' }).waitFor()
    await page.getByRole('grid', { name: 'Groups' }).getByText('2 Agenten').waitFor()
    await page.getByRole('grid', { name: 'Agents' }).getByRole('row', { name: 'gelungen web1' }).waitFor()
    await page.locator('.head-meta', { hasText: 'dauerte' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    expect(unexpectedComplaints(complaints)).toEqual([])
  })

  it('says late and joined where they apply', async () => {
    const simulated = await simulateRun(['web1'])
    simulated.finish('web9', 0)
    await simulated.giveUp()
    const { page } = await show(simulated)
    await page.getByRole('grid', { name: 'Agents' }).getByText('joined').waitFor()
    simulated.finish('web1', 0)
    await page.getByRole('grid', { name: 'Agents' }).getByText('late').waitFor()
    expect(simulated.run.state.replies.get(agentIdOf('web1'))?.late).toBe(true)
  })

  it('calls an agent unexpected that executed without being named, also while it runs', async () => {
    const simulated = await simulateRun(['web1'], { unseen: 'left-out' })
    simulated.ack('web9')
    const { page } = await show(simulated)
    await page.getByRole('grid', { name: 'Agents' }).getByText('unexpected').waitFor()
  })
})
