import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { browserFlags, ensureBrowser } from '../../scripts/browser.mjs'
import { systemClock } from '../../src/console/results/pageClock.ts'
import { type PageLanguage, pageHtml } from '../../src/console/results/pageHtml.ts'
import { PageSession } from '../../src/console/results/pageSession.ts'
import type { ShownEnvironment, ShownRun } from '../../src/console/results/shownRun.ts'
import { type FromPage, parseFromPage } from '../../src/page/fromPage.ts'
import type { ToPage } from '../../src/page/toPage.ts'
import { inEnglish } from '../../src/text/translate.ts'

export type Theme = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light'

export interface OpenOptions {
  readonly run: ShownRun
  readonly environment?: ShownEnvironment
  readonly theme?: Theme
  readonly width?: number
  readonly height?: number
  /** What a reload left behind. */
  readonly state?: unknown
  readonly scale?: number
  /** The editor's language with its translations; English without. */
  readonly language?: PageLanguage
}

/** The shipped page in a real browser, under its own policy, with the real host side of it in this process. */
export interface OpenPage {
  readonly page: Page
  readonly session: PageSession
  /** What the page asked for that its session does not do itself. */
  readonly requests: FromPage[]
  /** Messages that were not requests. */
  readonly rejected: unknown[]
  /** What the policy blocked, and errors of scripts. */
  readonly complaints: string[]
  /** What the page keeps for a reload. */
  state(): Promise<unknown>
  /** Sends the page a message as the host would. */
  post(message: unknown): void
  close(): Promise<void>
}

/** Serves the built page on loopback and opens it in Chromium, as often as wanted. */
export class PageBrowser {
  readonly #browser: Browser
  readonly #server: Server

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser
    this.#server = server
  }

  static async launch(extraFlags: readonly string[] = []): Promise<PageBrowser> {
    const executablePath = await ensureBrowser()
    const browser = await chromium.launch({ executablePath, args: [...browserFlags, ...extraFlags] })
    const server = createServer((request, response) => {
      const files: Record<string, readonly [string, string]> = {
        '/main.js': ['text/javascript', 'main.js'],
        '/main.css': ['text/css', 'main.css'],
      }
      const { pathname, searchParams } = new URL(request.url ?? '', origin())
      const [type, name] = files[pathname] ?? []
      response.setHeader('Content-Type', `${type ?? 'text/html'}; charset=utf-8`)
      if (name !== undefined) response.end(readFileSync(path.join(root, 'dist/webview', name)))
      else
        response.end(
          pageHtml(
            { cspSource: origin(), nonce: 'dGVzdCBub25jZQ', script: '/main.js', style: '/main.css' },
            JSON.parse(searchParams.get('language') ?? 'null') ?? undefined,
          ),
        )
    })
    const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new PageBrowser(browser, server)
  }

  async open(options: OpenOptions): Promise<OpenPage> {
    const { run, theme = 'dark', width = 1280, height = 800, scale = 1 } = options
    const environment = options.environment ?? { name: run.state.environment, protected: false }
    const context = await this.#browser.newContext({ viewport: { width, height }, deviceScaleFactor: scale })
    const page = await context.newPage()
    // Well below the runner's: a failure then names what it waited for.
    page.setDefaultTimeout(15_000)
    const requests: FromPage[] = []
    const rejected: unknown[] = []
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    let closed = false
    const post = (message: unknown) => {
      if (!closed) page.evaluate(`window.postMessage(${JSON.stringify(message)}, '*')`).catch(() => {})
    }
    const session = new PageSession({
      ...{ run, environment, live: true, clock: systemClock, t: inEnglish },
      post: (message: ToPage) => post(message),
      onWarning: (error) => complaints.push(`host: ${error.message}`),
    })
    await page.exposeFunction('__post', (json: unknown) => {
      const request = parseFromPage(json)
      if (request === undefined) rejected.push(json)
      else {
        requests.push(request)
        session.receive(request)
      }
    })
    const given = { theme, variables: themeVariables(theme), state: options.state ?? null }
    await page.addInitScript({
      content: `(() => {
const given = ${JSON.stringify(given)}
${standIn}})()`,
    })
    const { port } = this.#server.address() as AddressInfo
    const language = new URLSearchParams({ language: JSON.stringify(options.language ?? null) })
    await page.goto(`http://127.0.0.1:${port}/?${language}`)
    return {
      ...{ page, session, requests, rejected, complaints, post },
      state: () => page.evaluate('window.__state'),
      async close() {
        closed = true
        session.dispose()
        await context.close()
      },
    }
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Found upwards: the benchmark runs this from a bundle elsewhere. */
const root = findRoot(path.dirname(fileURLToPath(import.meta.url)))

const standIn = readFileSync(path.join(root, 'test/support/webviewStandIn.js'), 'utf8')

function findRoot(folder: string): string {
  return existsSync(path.join(folder, 'webview/main.ts')) ? folder : findRoot(path.dirname(folder))
}

/** The theme's colours as VS Code itself gave them, and its fonts. */
function themeVariables(theme: Theme): Record<string, string> {
  const file = path.join(root, `test/fixtures/themes/${theme}.json`)
  return {
    ...(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>),
    '--vscode-font-family': 'Inter, system-ui, "Ubuntu", "DejaVu Sans", sans-serif',
    '--vscode-font-size': '13px',
    '--vscode-font-weight': 'normal',
    '--vscode-editor-font-family': '"JetBrains Mono", "DejaVu Sans Mono", monospace',
    '--vscode-editor-font-size': '13px',
  }
}
