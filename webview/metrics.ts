/** Sizes that follow the editor's settings, pixels. */
export interface Metrics {
  /** Height of a row in a list. */
  readonly row: number
  /** Height of a line of output. */
  readonly line: number
  /** Width of a character of output. */
  readonly character: number
}

/** Measures the fonts that the page gets from the editor's settings. */
export function measureMetrics(): Metrics {
  const style = getComputedStyle(document.body)
  const size = Number.parseFloat(style.getPropertyValue('--vscode-editor-font-size')) || 13
  const context = document.createElement('canvas').getContext('2d')
  if (context !== null)
    context.font = `${size}px ${style.getPropertyValue('--vscode-editor-font-family') || 'monospace'}`
  return {
    row: Math.max(24, Math.round(size * 1.75)),
    line: Math.round(size * 1.45),
    character: context?.measureText('0').width ?? size * 0.6,
  }
}
