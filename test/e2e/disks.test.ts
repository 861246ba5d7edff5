import { chmod, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Workbench } from '../support/editor.ts'
import { fleetPatience, openFleetWorkbench } from '../support/fleetWorkbench.ts'

let workbench: Workbench

const file = `snippets:
  Disk space:
    description: The fullest file systems first
    environment: testing
    filter: "*"
    command: df -hP -x tmpfs
    view: { columns: [Mounted on, Capacity, Available, "fact:role"], sort: -Capacity }
  Clean up logs:
    description: Keep 2 GB of the journal
    environment: testing
    command: journalctl --vacuum-size=2G
`

/** How full `/` and `/var` of each server of the fleet are, percent: three are over 90. */
const used: Readonly<Record<string, readonly [number, number]>> = {
  'batch-01': [34, 92],
  'cache-01': [22, 31],
  'db-01': [52, 95],
  'web-01': [41, 64],
  'web-02': [43, 97],
  'web-03': [38, 71],
}

beforeAll(async () => {
  workbench = await openFleetWorkbench({ files: { '.vscode/ec2-collective.yaml': file } })
  await giveDisks(path.join(workbench.workspace, '../user'))
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

describe('Disks over 90 %', () => {
  it('are on top of the table that the snippet opens, the fullest first', async () => {
    await workbench.view('Snippets').press('Disk space', 'Run Snippet…')
    await workbench.quickInput.titled('Run on testing')
    await workbench.quickInput.accept()
    await expect.poll(rows, fleetPatience).toHaveLength(12)
    expect((await rows()).slice(0, 4)).toEqual([
      ['web-02', '/var', '97%', '2.4G', 'web'],
      ['db-01', '/var', '95%', '4.0G', 'db'],
      ['batch-01', '/var', '92%', '6.4G', 'batch'],
      ['web-03', '/var', '71%', '23.2G', 'web'],
    ])
  })

  it('are what one bar of the histogram leaves', async () => {
    await workbench.webview().getByRole('button', { name: '92% to 97%: 3 rows' }).click()
    await expect.poll(hosts, fleetPatience).toEqual(['web-02', 'db-01', 'batch-01'])
    await pictures('disks over 90 percent')
  })

  it('get a clean-up on just their servers, which the review names', async () => {
    const { page, quickInput } = workbench
    await tableRow('db-01').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Run Another Command on All in the Table…' }).click()
    await quickInput.titled('Run Another Command · testing')
    await quickInput.pick('Clean up logs')
    await reviewNames('batch-01,db-01,web-02')
    await pictures('disks to clean up')
    await quickInput.accept()
    const results = workbench.webview()
    await results.locator('.head-command', { hasText: 'journalctl' }).waitFor()
    await results.getByText('3 agents, all accounted for').waitFor()
  })

  it('are verified on the same servers', async () => {
    const { quickInput } = workbench
    const results = workbench.webview()
    await results.getByRole('button', { name: 'Run another command' }).first().click()
    await results.getByRole('menuitem', { name: 'On all agents of this run' }).click()
    await quickInput.titled('Run Another Command · testing')
    await quickInput.pick('Disk space')
    await reviewNames('batch-01,db-01,web-02')
    await quickInput.accept()
    await expect.poll(rows, fleetPatience).toHaveLength(6)
    expect((await rows())[0]).toEqual(['db-01', '/', '52%', '38.4G', 'db'])
    await pictures('disks after the clean-up')
  })

  it('are compared before and after, server by server', async () => {
    const results = workbench.webview()
    await results.getByRole('button', { name: 'More' }).click()
    await results.getByRole('menuitem', { name: 'Compare with the run before' }).click()
    await expect
      .poll(() => workbench.tabs(), fleetPatience)
      .toContainEqual(expect.stringContaining('Then and Now'))
    await lineWith(/^web-02\s.*changed\s+Capacity\sof\s\/var:\s97%\s→\s41%/)
    await lineWith(/^db-01\s.*changed\s+Capacity\sof\s\/var:\s95%\s→\s41%/)
    await lineWith(/^batch-01\s.*changed\s+Capacity\sof\s\/var:\s92%\s→\s41%/)
    await lineWith(/^Not\sin\sthis\srun\s\(3\):\scache-01,web-\[01,03\]/)
    await pictures('disks before and after')
  })
})

/** In both themes, to be looked at. */
async function pictures(name: string): Promise<void> {
  await workbench.screenshot(`${name}, dark`)
  await workbench.setTheme('light')
  await workbench.screenshot(`${name}, light`)
  await workbench.setTheme('dark')
}

/** The visible rows of the table of values, as texts. */
function rows(): Promise<string[][]> {
  return workbench
    .webview()
    .locator('.table-row:visible')
    .evaluateAll((found) =>
      found.map((row) =>
        [...row.querySelectorAll('.host, .table-cell')].map((cell) => cell.textContent?.trim() ?? ''),
      ),
    )
}

const hosts = async () => (await rows()).map(([host]) => host)

const tableRow = (host: string) =>
  workbench
    .webview()
    .locator('.table-row:visible', { has: workbench.webview().getByText(host, { exact: true }) })
    .first()

async function reviewNames(hosts: string): Promise<void> {
  await workbench.quickInput.titled('Run on testing')
  const items = await workbench.quickInput.items()
  expect(items.find(({ label }) => label === 'Targets')).toMatchObject({
    description: '3 of 6 agents',
    detail: hosts,
  })
}

const lineWith = (text: RegExp) =>
  workbench.page.locator('.view-line', { hasText: text }).first().waitFor(fleetPatience)

/**
 * All servers of the local fleet are this machine, so their `df` and `journalctl` are made to answer for each: programs
 * in its folder that is first on the PATH.
 */
async function giveDisks(userFolder: string): Promise<void> {
  const entries = await readdir(userFolder, { recursive: true, withFileTypes: true })
  const folders = entries
    .filter(({ name, parentPath }) => name === 'hostname' && parentPath.includes('/agents/testing/'))
    .map(({ parentPath }) => parentPath)
  expect(folders).toHaveLength(6)
  for (const folder of folders) {
    const [root, logs] = used[path.basename(path.dirname(folder))] ?? []
    await writeFile(path.join(folder, 'df.txt'), dfOutput(root ?? 0, logs ?? 0))
    await writeFile(path.join(folder, 'clean.txt'), dfOutput(root ?? 0, 41))
    await program(path.join(folder, 'df'), 'cat "$(dirname "$0")/df.txt"')
    await program(
      path.join(folder, 'journalctl'),
      'mv "$(dirname "$0")/clean.txt" "$(dirname "$0")/df.txt"\necho "Vacuuming done, freed archived journals from /var/log/journal."',
    )
  }
}

async function program(at: string, script: string): Promise<void> {
  await writeFile(at, `#!/bin/sh\n${script}\n`)
  await chmod(at, 0o755)
}

function dfOutput(root: number, logs: number): string {
  const line = (device: string, percent: number, mounted: string) => {
    const [taken, free] = [percent, 100 - percent].map((part) => `${(part * 0.8).toFixed(1)}G`)
    return `${device}   80G ${taken?.padStart(6)} ${free?.padStart(9)}      ${percent}% ${mounted}\n`
  }
  return `Filesystem      Size   Used Available Capacity Mounted on\n${line('/dev/nvme0n1p1', root, '/')}${line('/dev/nvme1n1  ', logs, '/var')}`
}
