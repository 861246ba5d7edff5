import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type FrameLocator, type Page } from 'playwright-core'
import type { TestContext } from 'vitest'
import { browserFlags, ensureBrowser } from '../../scripts/browser.mjs'
import { startEditor } from '../../scripts/editor.mjs'
import { recordTest, takeScreenshot } from './workbench/evidence.ts'
import { type Dialog, dialogOf, type Notifications, notificationsOf } from './workbench/notifications.ts'
import { collectPageErrors } from './workbench/pageErrors.ts'
import { paletteOf } from './workbench/palette.ts'
import { type QuickInput, quickInputOf } from './workbench/quickInput.ts'
import { type StatusBar, statusBarOf } from './workbench/statusBar.ts'
import { changeWorkspaceSettings, type Theme, themeSettings, wears } from './workbench/theme.ts'
import { type TreeView, treeViewOf } from './workbench/treeView.ts'

export interface WorkbenchOptions {
  /** Folder of the extension; this repository by default. */
  readonly extensionDir?: string
  /** Files of the workspace folder, by relative path. */
  readonly files?: Readonly<Record<string, string>>
  /** Folders below it that are the workspace's roots, instead of itself. */
  readonly roots?: readonly string[]
  /** The user's own, as in keybindings.json. */
  readonly keybindings?: readonly object[]
  readonly settings?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly theme?: Theme
  /** False: the workspace opens in restricted mode, until the user trusts it. */
  readonly trust?: boolean
  /** False: no record is kept for `record`; it costs the page time. */
  readonly traced?: boolean
}

/** A real VS Code with the extension, in a browser of its own, as a user sees it. */
export interface Workbench {
  readonly page: Page
  /** Path of the workspace folder. */
  readonly workspace: string
  readonly quickInput: QuickInput
  readonly statusBar: StatusBar
  readonly notifications: Notifications
  readonly dialog: Dialog
  view(title: string): TreeView
  /** Opens a container of the activity bar. */
  openContainer(title: string): Promise<void>
  /** Runs the command that the palette shows under exactly this title, category included. */
  runCommand(title: string): Promise<void>
  /** Titles of the palette that a text finds: to see what is offered and what is not. */
  findCommands(text: string): Promise<string[]>
  /** The page inside the webview that is showing. */
  webview(): FrameLocator
  /** Labels of the open editor tabs. */
  tabs(): Promise<string[]>
  showTab(label: string | RegExp): Promise<void>
  /** Workspace settings, while the editor runs. */
  changeSettings(changes: Record<string, unknown>): Promise<void>
  setTheme(theme: Theme): Promise<void>
  /** What a user does with "Reload Window". */
  reload(): Promise<void>
  /** @returns the file's path, in `.cache/screenshots/` */
  screenshot(name: string): Promise<string>
  /** Errors of the page and its webviews so far, less the editor's own noise and what is tolerated. */
  errors(tolerated?: readonly RegExp[]): string[]
  /** To be called in `beforeEach`: keeps screenshot, console and trace of a test that fails. */
  record(context: TestContext): Promise<void>
  close(): Promise<void>
}

/** Starts editor and browser, and waits until the extension's contributions are on screen. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const {
    extensionDir = process.cwd(),
    files = {},
    roots = [],
    keybindings = [],
    settings = {},
    env = {},
    theme = 'dark',
    trust = true,
    traced = true,
  } = options
  const scratch = await mkdtemp(path.join(tmpdir(), 'workbench-'))
  const workspace = path.join(scratch, 'workspace')
  const userDataDir = path.join(scratch, 'user')
  const all = 'all.code-workspace'
  const folders = { [all]: JSON.stringify({ folders: roots.map((root) => ({ path: root })) }) }
  await writeFiles(workspace, { ...files, ...(roots.length > 0 && folders) })
  await writeFiles(path.join(userDataDir, 'User'), { 'keybindings.json': JSON.stringify(keybindings) })
  const editor = await startEditor({
    extensionDir,
    workspace: roots.length > 0 ? path.join(workspace, all) : workspace,
    userDataDir,
    // In a browser VS Code saves by itself after a second: what a test leaves unsaved is to stay so.
    settings: { 'files.autoSave': 'off', ...themeSettings(theme), ...settings },
    env: { ...noGallery, ...env },
    trust,
  })
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: browserFlags })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  if (traced) await context.tracing.start({ snapshots: true })
  const close = async (): Promise<void> => {
    if (traced) await context.tracing.stop()
    await browser.close()
    await editor.stop()
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
  }
  const page = await context.newPage()
  // Shorter than any test's limit, so that a failure names what it waited for.
  page.setDefaultTimeout(25_000)
  const errors = collectPageErrors(page)
  try {
    await page.goto(editor.url)
    await page.locator('.monaco-workbench .part.statusbar').waitFor()
    await wears(page, theme)
  } catch (error) {
    const picture = await takeScreenshot(page, 'failed to open the workbench')
    await close()
    throw new Error(`The workbench did not open. See ${picture}.`, { cause: error })
  }
  const palette = paletteOf(page)
  return {
    page,
    workspace,
    quickInput: quickInputOf(page),
    statusBar: statusBarOf(page),
    notifications: notificationsOf(page),
    dialog: dialogOf(page),
    view: (title) => treeViewOf(page, title),
    openContainer: (title) => openContainer(page, title),
    runCommand: palette.run,
    findCommands: palette.find,
    webview: () =>
      page.locator('iframe.webview').filter({ visible: true }).contentFrame().frameLocator('#active-frame'),
    tabs: async () =>
      (await page.locator('.tabs-container .tab .label-name').allInnerTexts()).map((tab) => tab.trim()),
    showTab: (label) => page.locator('.tabs-container .tab').filter({ hasText: label }).first().click(),
    changeSettings: (changes) => changeWorkspaceSettings(workspace, changes),
    setTheme: async (wanted) => {
      await changeWorkspaceSettings(workspace, themeSettings(wanted))
      await wears(page, wanted)
    },
    reload: async () => {
      // By the command, which lets the editor save its state; a reload of the page alone may come before that.
      await page.locator('.monaco-workbench').evaluate((element) => element.setAttribute('data-is-old', ''))
      await palette.run('Developer: Reload Window')
      await page.locator('.monaco-workbench[data-is-old]').waitFor({ state: 'detached' })
      await page.locator('.monaco-workbench .part.statusbar').waitFor()
    },
    screenshot: (name) => takeScreenshot(page, name),
    errors: errors.unexpected,
    record: (test) => recordTest(page, errors.unexpected, test),
    close,
  }
}

/** Nothing to look extensions up in, so that no request leaves the machine. */
const noGallery = { EXTENSIONS_GALLERY: '{"serviceUrl":""}' }

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, contents)
  }
}

async function openContainer(page: Page, title: string): Promise<void> {
  const tab = page.locator('.activitybar').getByRole('tab', { name: title })
  // A second click on the container that is showing would hide it.
  if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click()
  await page.locator('.sidebar .composite.title').getByText(title, { exact: false }).waitFor()
}
