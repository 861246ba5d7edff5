import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { CDPSession, Frame } from 'playwright-core'
import { openWorkbench, type Workbench } from '../../support/editor.ts'
import { withoutAws } from '../../support/fleetWorkbench.ts'
import { startSqs } from '../../support/sqs.ts'
import { until } from '../../support/until.ts'
import type { Figure } from './figures.ts'
import { observedInput, observeInput, onceTrue, quantile, scrollThrough, searchAll } from './probes.ts'
import type { FleetLine } from './quickFleet.ts'

/** Within the real VS Code: a user sends a command to a whole fleet over SQS, and reads along while it answers. */
export async function measurePageInEditor(
  root: string,
  agents: number,
  tell: (step: string) => void,
): Promise<Figure[]> {
  tell('VS Code starts')
  const server = await startSqs()
  await server.environment('bench')
  const fleet = startFleet(server.endpoint, agents)
  const workbench = await openWorkbench({
    extensionDir: root,
    settings: {
      'ec2Collective.environments': { bench: { region: 'eu-west-1', endpoint: server.endpoint } },
    },
    env: { ...withoutAws, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    // Its snapshots of the page would be measured along with the page.
    traced: false,
  })
  try {
    return await measureRun(workbench, fleet, agents, tell)
  } catch (error) {
    await workbench.screenshot('failed bench of the page')
    throw error
  } finally {
    await workbench.close()
    await fleet.stop()
    await server.stop()
  }
}

async function measureRun(
  workbench: Workbench,
  fleet: Fleet,
  agents: number,
  tell: (step: string) => void,
): Promise<Figure[]> {
  const { page, quickInput } = workbench
  await page.addInitScript({ content: markFirsts })
  const devtools = await page.context().newCDPSession(page)
  tell('the fleet says its facts')
  fleet.sayFacts()
  await fleet.told('facts-said')

  tell('they are read')
  await workbench.runCommand('EC2 Collective: Run Command…')
  await quickInput.titled('Run Command')
  await quickInput.pick('bench')
  await quickInput.titled('bench')
  await quickInput.type('*')
  await page.getByText(`${agents} of ${agents} agents match`).first().waitFor({ timeout: 90_000 })
  await quickInput.pick(`${agents} of ${agents} agents match`)
  await quickInput.titled('*')
  await quickInput.type('uname -a')
  await quickInput.accept()
  await quickInput.titled('Run on bench')
  const heapBefore = await heapOf(devtools)
  tell('the command goes out')
  await quickInput.accept()

  const frame = await resultsFrame(workbench)
  await observeInput(frame)
  const commandedAt = (await fleet.told('commanded')).at
  const answeringAt = (await fleet.told('answering')).at
  const firsts = await firstsOf(frame)

  let isOver = false
  const overAt = onceTrue(
    frame,
    "document.querySelector('.progress-summary').textContent.includes('all accounted for')",
  ).finally(() => {
    isOver = true
  })
  const keys = await useThePage(workbench, frame, () => isOver)
  const allShownAt = await overAt
  const answeredAt = (await fleet.told('answered')).at
  tell('all have answered')
  const { keysMs, slowestTaskMs } = await observedInput(frame, keys)
  const scrolled = await scrollThrough(page, frame)
  tell('it was scrolled through')
  const searchMs = await searchAll(frame, '5.10.0')
  const heap = (await heapOf(devtools)) - heapBefore
  return [
    {
      name: 'command at the agents: page open with its rows after',
      value: firsts.rows - commandedAt,
      unit: 'ms',
    },
    {
      name: 'first reply sent: in its row after',
      value: firsts.verdict - answeringAt,
      unit: 'ms',
      limit: 300,
    },
    { name: 'last reply sent: all on the page after', value: allShownAt - answeredAt, unit: 'ms' },
    { name: 'a key while replies pour in, 95 of 100', value: quantile(keysMs, 0.95), unit: 'ms', limit: 100 },
    { name: 'the slowest of these', value: keysMs.at(-1) ?? 0, unit: 'ms', limit: 100 },
    { name: 'longest task meanwhile, VS Code’s among them', value: slowestTaskMs, unit: 'ms' },
    {
      name: `blank among ${scrolled.pictures} pictures while scrolling through all`,
      value: scrolled.blank,
      unit: 'frames',
      limit: 0,
    },
    {
      name: 'slowest frame meanwhile, painted without a graphics card',
      value: scrolled.slowestMs,
      unit: 'ms',
    },
    { name: 'search in all outputs: done after', value: searchMs, unit: 'ms', limit: 3000 },
    { name: 'memory (growth of the heap and the DOM)', value: heap, unit: 'MiB', limit: 150 },
  ]
}

/** Keys as a reader presses them: moves through the list, narrows it to some hosts, and widens it again. */
async function useThePage({ page }: Workbench, frame: Frame, isEnough: () => boolean): Promise<number> {
  const grid = frame.getByRole('grid', { name: 'Agents' })
  const field = frame.getByRole('textbox', { name: 'Filter hosts' })
  let keys = 0
  const press = async (...pressed: string[]) => {
    for (const key of pressed) {
      if (isEnough()) return
      await page.keyboard.press(key)
      await page.waitForTimeout(60)
      keys += 1
    }
  }
  while (!isEnough()) {
    await grid.focus()
    await press(...Array.from({ length: 10 }, () => 'ArrowDown'))
    await field.focus()
    await press(...'web09', ...Array.from({ length: 5 }, () => 'Backspace'))
    await grid.focus()
    await press('End', 'PageUp', 'PageUp', 'Home')
  }
  await field.fill('')
  return keys
}

/** Runs in each frame of the workbench from its first moment on: when rows, and a verdict, were first painted. */
const markFirsts = `if (window !== window.top) {
  const wanted = {
    rows: '.agent:not([hidden])',
    verdict: '.agent:not([hidden]):is([data-state=succeeded], [data-state=failed])',
  }
  const firsts = (window.__firsts = {})
  const look = () => {
    for (const [name, selector] of Object.entries(wanted)) {
      // A timer of the frame's comes after its picture.
      if (!(name in firsts) && document.querySelector(selector) !== null) setTimeout(() => (firsts[name] ??= Date.now()))
    }
    if (Object.keys(firsts).length < 2) requestAnimationFrame(look)
  }
  // What is asked for before the editor writes its document into the frame is forgotten by then.
  const waiting = setInterval(() => {
    if (document.querySelector('.page') === null) return
    clearInterval(waiting)
    requestAnimationFrame(look)
  }, 5)
}`

interface Firsts {
  readonly rows: number
  readonly verdict: number
}

async function firstsOf(frame: Frame): Promise<Firsts> {
  await onceTrue(frame, 'Object.keys(window.__firsts ?? {}).length === 2')
  return (await frame.evaluate('window.__firsts')) as Firsts
}

/** The page within its panel. */
async function resultsFrame({ page }: Workbench): Promise<Frame> {
  const inner = page
    .locator('iframe.webview')
    .filter({ visible: true })
    .contentFrame()
    .frameLocator('#active-frame')
  // Who is there is asked once more before anything is sent.
  await inner.locator('.page').waitFor({ timeout: 90_000 })
  for (const frame of page.frames()) {
    if (
      (await frame
        .locator('.page .progress-summary')
        .count()
        .catch(() => 0)) > 0
    )
      return frame
  }
  throw new Error('The results page is in no frame.')
}

/** Heap, DOM and buffers of the renderer that holds editor and page, MiB, after collecting what is not needed any more. */
async function heapOf(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage')
  const usage: Record<string, number> = await devtools.send('Runtime.getHeapUsage')
  const { usedSize = 0, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage
  return (usedSize + embedderHeapUsedSize + backingStorageSize) / 2 ** 20
}

interface Fleet {
  sayFacts(): void
  /** Waits until the fleet has told this. */
  told<Kind extends FleetLine['kind']>(kind: Kind): Promise<Extract<FleetLine, { kind: Kind }>>
  stop(): Promise<void>
}

/** The bundle of the fleet lies beside the running one. */
function startFleet(endpoint: string, agents: number): Fleet {
  const settings = JSON.stringify({ endpoint, environment: 'bench', agents })
  const child: ChildProcess = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'quickFleet.mjs'), settings],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines: FleetLine[] = []
  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => lines.push(JSON.parse(line)))
  return {
    sayFacts: () => child.stdin?.write('facts\n'),
    async told<Kind extends FleetLine['kind']>(kind: Kind) {
      const found = () => lines.find((line) => line.kind === kind)
      await until(
        () => found() !== undefined,
        `the fleet to say ${kind}`,
        () => '',
        90_000,
      )
      return found() as Extract<FleetLine, { kind: Kind }>
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.stdin?.end()
      await once(child, 'exit')
    },
  }
}
