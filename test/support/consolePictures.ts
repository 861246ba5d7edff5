import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openWorkbench, type Workbench } from './editor.ts'
import { showsAgents } from './fleetWorkbench.ts'
import { refusal, startScriptedEndpoint } from './scriptedEndpoint.ts'
import { type Theme, themes } from './workbench/theme.ts'

/** Every view and flow of the console in all themes, in a real VS Code: to be looked at. `wanted`: only these of them. */
async function main(folder: string, wanted: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const aws = await mkdtemp(path.join(tmpdir(), 'pictures-'))
  await writeFile(path.join(aws, 'config'), profiles)
  await writeFile(path.join(aws, 'credentials'), '[anna]\naws_access_key_id = A\naws_secret_access_key = s\n')
  const expired = await startScriptedEndpoint(() => refusal('ExpiredToken', 'The security token is expired'))
  const workbench = await openWorkbench({
    env: {
      AWS_CONFIG_FILE: path.join(aws, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(aws, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    settings: { 'ec2Collective.profile': 'anna' },
    files: { 'deploy.sh': '#!/bin/sh\nset -e\nsystemctl reload "$1"\n' },
  })
  const take = async (name: string, again: () => Promise<void>) => {
    for (const theme of Object.keys(themes) as Theme[]) {
      await workbench.setTheme(theme)
      await again()
      await workbench.page.screenshot({ path: path.join(folder, `${name}-${theme}.png`) })
    }
  }
  try {
    for (const [name, show] of Object.entries(scenes(workbench, expired.endpoint))) {
      try {
        const again = await show()
        if (wanted.length > 0 && !wanted.includes(name)) continue
        await take(name, again ?? (async () => {}))
        console.log(name)
      } catch (error) {
        // The others are worth looking at all the same.
        const picture = await workbench.screenshot(`failed to show ${name}`)
        console.error(`${name}: ${(error as Error).message.split('\n')[0]} See ${picture}.`)
        process.exitCode = 1
        for (let boxes = 0; boxes < 3; boxes += 1) await workbench.page.keyboard.press('Escape')
      }
    }
  } finally {
    await workbench.close()
    await expired.stop()
    await rm(aws, { recursive: true })
  }
}

const profiles = `[profile anna]
region = eu-west-1
[profile operations]
role_arn = arn:aws:iam::123456789012:role/operations
source_profile = anna
mfa_serial = arn:aws:iam::123456789012:mfa/anna
[profile staging]
sso_session = company
sso_account_id = 123456789012
sso_role_name = developer
region = eu-west-1
[profile old]
role_arn = arn:aws:iam::1:role/x
source_profile = nobody
`

const snippets = (endpoint: string) => `environments:
  staging:
    region: eu-west-1
    endpoint: ${endpoint}
    colour: purple

snippets:
  Disk space:
    description: How full the disks are
    environment: testing
    filter: role=web
    command: df -h /
  Restart:
    environment: production
    filter: role=web
    command: systemctl restart "$UNIT"
    timeout: 2m
    rollout: { canary: 1, batch: 25% }
    inputs:
      UNIT: { prompt: Which unit?, choices: [nginx, app] }
  Broken:
    filter: role=(
    comand: uptime
`

/** Shows something. What does not survive a change of themes is shown anew by what it returns. */
type Scene = () => Promise<(() => Promise<void>) | void>

/** In this order: each leaves the editor as the next one wants it. */
function scenes(workbench: Workbench, endpoint: string): Record<string, Scene> {
  const { quickInput, page } = workbench
  const environments = workbench.view('Environments')
  const choose = async (filter: string, matching: string, environment = 'testing') => {
    await workbench.runCommand('EC2 Collective: Run Command…')
    await quickInput.pick(environment)
    await quickInput.titled(environment)
    await quickInput.type(filter)
    await quickInput.pick(matching)
    await quickInput.titled(filter)
  }
  return {
    'welcome-empty': async () => {
      await workbench.openContainer('EC2 Collective')
      await environments.welcome()
    },
    'add-environment': async () => {
      await workbench.runCommand('EC2 Collective: Add Environment…')
      await quickInput.titled('Add Environment')
      await quickInput.type('a b')
      await page.locator('.quick-input-message', { hasText: 'is not an environment name' }).waitFor()
    },
    'add-environment-guard': async () => {
      await quickInput.type('staging')
      await quickInput.accept()
      await page.locator('.quick-input-message', { hasText: 'AWS region' }).waitFor()
      await quickInput.accept()
      await quickInput.pick('The chosen profile')
      await page.getByPlaceholder('Protection').waitFor()
    },
    'add-environment-colour': async () => {
      await quickInput.pick('Protected: you type its name before every run')
      await page.getByPlaceholder('Colour of the environment wherever it is shown').waitFor()
    },
    tree: async () => {
      await quickInput.cancel()
      await workbench.runCommand('EC2 Collective: Start Local Fleet')
      await showsAgents(workbench, 'testing', 6)
      await environments.expand('production')
      await showsAgents(workbench, 'production', 3)
      await environments.expand('web')
      await environments.expand('web-01')
      await environments.expand('os')
    },
    'tree-menu': async () => {
      await page.getByRole('treeitem', { name: 'Environment testing' }).click({ button: 'right' })
      await page.locator('.monaco-menu').last().waitFor()
    },
    'tree-tooltip': async () => {
      await page.keyboard.press('Escape')
      return async () => {
        await page.mouse.move(900, 500)
        await page.locator('.pane .label-name').getByText('web-01', { exact: true }).hover()
        await page.locator('.monaco-hover:visible', { hasText: 'Last seen' }).waitFor()
      }
    },
    palette: async () => {
      await page.keyboard.press('F1')
      await page.locator('.quick-input-box input').fill('>EC2 Collective')
      await page.locator('.quick-input-list-row').first().waitFor()
    },
    'send-environment': async () => {
      await quickInput.cancel()
      await workbench.runCommand('EC2 Collective: Run Command…')
      await quickInput.titled('Run Command')
    },
    'send-filter-empty': async () => {
      await quickInput.pick('testing')
      await quickInput.titled('testing')
      await page.locator('.quick-input-list-row', { hasText: 'Every agent: all 6' }).waitFor()
    },
    'send-filter-completion': async () => {
      await quickInput.type('role=')
      await page.locator('.quick-input-list-row', { hasText: 'web' }).first().waitFor()
    },
    'send-filter-wrong': () => quickInput.type('role=web and ('),
    'send-filter-match': async () => {
      await quickInput.type('role=web')
      await page.locator('.quick-input-list-row', { hasText: '3 of 6 agents match' }).waitFor()
    },
    'send-command': async () => {
      await quickInput.accept()
      await quickInput.titled('role=web')
      await quickInput.type('echo $(hostname); uname -sr')
    },
    'send-review': async () => {
      await quickInput.accept()
      await quickInput.titled('Run on testing')
    },
    'send-who': async () => {
      await quickInput.pick('Targets')
      await quickInput.titled('Targets')
    },
    'send-rollout': async () => {
      await quickInput.cancel()
      await quickInput.titled('Run on testing')
      await quickInput.pick('Rollout')
      await quickInput.titled('Rollout')
    },
    results: async () => {
      await quickInput.cancel()
      await quickInput.titled('Run on testing')
      await quickInput.accept()
      await workbench.webview().getByText('3 agents, all accounted for').waitFor()
    },
    'send-command-recent': async () => {
      await choose('role=db', '1 of 6 agents match')
    },
    'protected-review': async () => {
      await quickInput.cancel()
      await choose('role=web', '2 of 3 agents match', 'production')
      await quickInput.type('systemctl restart $(cat unit)')
      await quickInput.accept()
      await quickInput.titled('Run on production')
    },
    'protected-prompt': async () => {
      await quickInput.accept()
      await quickInput.titled('production is protected')
    },
    'protected-prompt-wrong': () => quickInput.type('produktion'),
    'page-question': async () => {
      await quickInput.cancel()
      await quickInput.closed()
      await workbench.webview().getByRole('button', { name: 'Run again' }).click()
      await workbench.webview().getByRole('menuitem').first().click()
      await workbench.dialog.text()
    },
    'run-script': async () => {
      await workbench.dialog.press('Cancel')
      await workbench.runCommand('Go to File...')
      await quickInput.type('deploy.sh')
      await quickInput.pick('deploy.sh')
      await page.locator('.tab.active', { hasText: 'deploy.sh' }).waitFor()
      await workbench.runCommand('EC2 Collective: Run Active File as Script…')
      await quickInput.titled('deploy.sh')
      await quickInput.type('nginx "not closed')
    },
    snippets: async () => {
      await quickInput.cancel()
      await mkdir(path.join(workbench.workspace, '.vscode'), { recursive: true })
      await writeFile(path.join(workbench.workspace, '.vscode/ec2-collective.yaml'), snippets(endpoint))
      await workbench.view('Snippets').click('Disk space')
      await page.locator('.codelens-decoration a', { hasText: 'Run on testing · 3 agents' }).first().waitFor()
      await page.locator('.squiggly-error').first().waitFor()
    },
    'broken-identity': async () => {
      await environments.collapse('testing')
      await environments.collapse('production')
      await environments.expand('staging')
      await workbench.runCommand('EC2 Collective: Refresh Environments')
      await workbench.notifications.shows('credentials')
    },
    doctor: async () => {
      await workbench.notifications.dismiss('credentials').catch(() => {})
      await workbench.runCommand('EC2 Collective: Doctor: Examine Environment…')
      await quickInput.titled('Doctor')
      await quickInput.pick('staging')
      await page.locator('.tab.active', { hasText: 'Doctor staging.md' }).waitFor()
    },
    'doctor-well': async () => {
      await workbench.runCommand('EC2 Collective: Doctor: Examine Environment…')
      await quickInput.titled('Doctor')
      await quickInput.pick('testing')
      await page.locator('.tab.active', { hasText: 'Doctor testing.md' }).waitFor()
    },
    'profile-picker': async () => {
      await workbench.runCommand('EC2 Collective: Choose AWS Profile…')
      await quickInput.titled('Choose AWS Profile')
    },
    'status-menu': async () => {
      await quickInput.cancel()
      await workbench.statusBar.click(/testing|staging|production/)
      await page.locator('.quick-input-list-row', { hasText: 'Who Am I?' }).waitFor()
    },
    'group-by': async () => {
      await quickInput.cancel()
      await workbench.runCommand('EC2 Collective: Group Agents By…')
      await quickInput.titled('Group Agents By')
    },
    walkthrough: async () => {
      await quickInput.cancel()
      await workbench.runCommand('EC2 Collective: Get Started')
      await page.getByRole('button', { name: 'Run a first command' }).waitFor()
    },
    settings: async () => {
      await workbench.runCommand('EC2 Collective: Open Settings')
      await page.locator('.settings-editor', { hasText: 'Group By' }).waitFor()
    },
  }
}

await main(process.argv[2] ?? '', process.argv.slice(3))
