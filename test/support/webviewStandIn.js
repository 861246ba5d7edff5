// Runs in the page before its own script: what VS Code puts into every webview. `given` is put in front by the harness.
// The state survives a reload, as it does there.
const kept = sessionStorage.getItem('state')
window.__state = kept === null ? given.state : JSON.parse(kept)
window.acquireVsCodeApi = () => ({
  postMessage: (message) => window.__post(message),
  getState: () => window.__state ?? undefined,
  setState(state) {
    window.__state = state
    sessionStorage.setItem('state', JSON.stringify(state))
  },
})
// The page's script measures fonts: the variables have to be there before it runs.
new MutationObserver((_, observer) => {
  if (document.body === null) return
  observer.disconnect()
  for (const [name, value] of Object.entries(given.variables))
    document.documentElement.style.setProperty(name, value)
  document.body.className = `vscode-${given.theme}`
}).observe(document, { childList: true, subtree: true })
