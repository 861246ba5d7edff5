import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'
import { readSetting } from '../declarations/settings.ts'
import { type FirstPaint, type PageLanguage, pageHtml } from './pageHtml.ts'

/** Puts a new page into the panel. `first` stands there until the page has something to show. */
export function setUpPanel(panel: vscode.WebviewPanel, extensionUri: vscode.Uri, first?: FirstPaint): void {
  const folder = vscode.Uri.joinPath(extensionUri, 'dist', 'webview')
  panel.webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [folder] }
  panel.webview.html = pageHtml(
    {
      cspSource: panel.webview.cspSource,
      nonce: randomBytes(16).toString('base64url'),
      script: panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, 'main.js')).toString(),
      style: panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, 'main.css')).toString(),
    },
    pageLanguage(),
    first,
    readSetting('results.shortcuts'),
  )
}

/** Without a translation into the editor's language, numbers and dates are English, too. */
function pageLanguage(): PageLanguage {
  const { bundle } = vscode.l10n
  return bundle === undefined
    ? { language: 'en', words: {} }
    : { language: vscode.env.language, words: bundle }
}
