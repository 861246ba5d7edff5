import * as vscode from 'vscode'
import { createResults } from '../../src/console/results/results.ts'
import type { Shown } from '../../src/console/results/shownRun.ts'
import type { ToPage } from '../../src/page/toPage.ts'

/** A panel that can be closed, and refuses to be used then, as the editor's. */
export function playedPanel(title = '') {
  const disposed = new vscode.EventEmitter<void>()
  const viewChanged = new vscode.EventEmitter<void>()
  const received = new vscode.EventEmitter<unknown>()
  let isClosed = false
  let icon = ''
  const messages: ToPage[] = []
  const whileOpen = <T>(value: T): T => {
    if (isClosed) throw new Error('Webview is disposed')
    return value
  }
  const webview = {
    cspSource: '',
    options: {},
    asWebviewUri: (uri: vscode.Uri) => uri,
    onDidReceiveMessage: (listener: (json: unknown) => void) => whileOpen(received.event(listener)),
    postMessage: async (message: ToPage) => whileOpen(messages).push(message) > 0,
    set html(html: string) {
      panel.documents.push(whileOpen(html))
    },
  }
  const panel = {
    /** Each with which the page began anew. */
    documents: [] as string[],
    messages,
    isInFront: false,
    viewColumn: 1,
    visible: true,
    get hasPage() {
      return panel.documents.length > 0
    },
    get isClosed() {
      return isClosed
    },
    get webview() {
      return whileOpen(webview)
    },
    get title() {
      return title
    },
    set title(wanted: string) {
      title = whileOpen(wanted)
    },
    /** `good`, or empty for the neutral one. */
    get look() {
      return /results-(?:(\w+)-)?dark/.exec(icon)?.[1] ?? ''
    },
    set iconPath({ dark }: { dark: vscode.Uri }) {
      icon = whileOpen(dark).path
    },
    onDidDispose: disposed.event,
    onDidChangeViewState: viewChanged.event as unknown as () => vscode.Disposable,
    reveal: () => {
      panel.isInFront = whileOpen(true)
    },
    dispose: () => {
      if (isClosed) return
      isClosed = true
      disposed.fire()
    },
    /** What the page in it sends. */
    send: (json: unknown) => received.fire(json),
    /** The user turns to it, or away. */
    see(visible: boolean) {
      panel.visible = visible
      viewChanged.fire()
    },
  }
  return panel
}

export type PlayedPanel = ReturnType<typeof playedPanel>

/** Pages of an editor whose panels are played. */
export function playResults(find: () => Promise<Shown | undefined>) {
  const panels: PlayedPanel[] = []
  const warnings: string[] = []
  const failures: string[] = []
  let restore: (panel: PlayedPanel, state: unknown) => Promise<void> = async () => {}
  Object.assign(vscode.window, {
    createWebviewPanel: (_type: string, title: string) => {
      const panel = playedPanel(title)
      panels.push(panel)
      return panel
    },
    registerWebviewPanelSerializer: (_type: string, serializer: vscode.WebviewPanelSerializer) => {
      restore = (panel, state) =>
        serializer.deserializeWebviewPanel(panel as unknown as vscode.WebviewPanel, state) as Promise<void>
      return { dispose() {} }
    },
  })
  const results = createResults({
    extensionUri: vscode.Uri.file('/extension'),
    actions: {
      find,
      runAgain: async () => {},
      continueRun: async () => {},
      next: {
        runOther: async () => {},
        compareBefore: async () => {},
        saveSnippet: async () => {},
        saveView: async () => {},
        copyLink: async () => {},
        logIn: async () => {},
        runsOf: async () => {},
        ping: async () => {},
        doctor: async () => {},
        showLog: async () => {},
      },
      pickFact: async () => undefined,
      onFailure: (error) => failures.push(String(error)),
      onWarning: (error) => warnings.push(String(error)),
    },
  })
  return { results, panels, warnings, failures, restore }
}
