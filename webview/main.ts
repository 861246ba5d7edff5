import type { PageState } from '../src/page/fromPage.ts'
import type { ToPage } from '../src/page/toPage.ts'
import { Page } from './page.ts'

declare function acquireVsCodeApi(): {
  postMessage(message: unknown): void
  getState(): unknown
  setState(state: unknown): void
}

const editor = acquireVsCodeApi()
const page = new Page({
  post: (request) => editor.postMessage(request),
  // The state that the page saved before the reload.
  state: () => editor.getState() as PageState | undefined,
  keep: (state) => editor.setState(state),
})
window.addEventListener('message', (event: MessageEvent<ToPage>) => page.take(event.data))
page.start(document.body)
