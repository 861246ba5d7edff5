import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorkbench, type Workbench } from '../support/editor.ts'

let workbench: Workbench

beforeAll(async () => {
  workbench = await openWorkbench({ env: { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' } })
})
beforeEach((context) => workbench.record(context))
afterAll(() => workbench?.close())

describe('The first start, with no AWS at all', () => {
  it('offers the local fleet', async () => {
    await workbench.openContainer('EC2 Collective')
    expect(await workbench.view('Environments').welcome()).toContain('Start Local Fleet')
    await workbench.screenshot('first start')
  })

  it('starts the local fleet and shows its agents', async () => {
    await workbench.runCommand('EC2 Collective: Start Local Fleet')
    const view = workbench.view('Environments')
    await view.row('testing')
    await view.row('web')
    await view.expand('web')
    await view.row('web-01')
    expect(await view.text()).toMatch(/testing {2}6 agents · local fleet/)
    await workbench.screenshot('local fleet')
  })

  it('runs a first command', async () => {
    await workbench.runCommand('EC2 Collective: Run Command…')
    const { quickInput } = workbench
    await quickInput.titled('Run Command')
    await workbench.screenshot('flow 1 environment')
    await quickInput.pick('testing')
    await quickInput.titled('testing')
    await workbench.screenshot('flow 2 filter empty')
    await quickInput.type('role=w')
    await workbench.screenshot('flow 2 filter completing')
    await quickInput.type('role=web')
    await quickInput.pick('3 of 6 agents match')
    await quickInput.titled('role=web')
    await quickInput.type('uname -sr')
    await workbench.screenshot('flow 3 command')
    await quickInput.accept()
    await quickInput.titled('Run on testing')
    await workbench.screenshot('flow 4 review')
    await quickInput.accept()
    await quickInput.closed()
    await workbench.screenshot('ran')
  })
})
