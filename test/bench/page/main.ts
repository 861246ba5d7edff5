import { statSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measurePageAlone } from './alone.ts'
import { type Figure, isMet, printFigures } from './figures.ts'
import { measureGroups } from './groups.ts'
import { measurePageInEditor } from './inEditor.ts'

/** Measures the results page alone, and within the real VS Code. Exits with 1 when a figure is worse than allowed. */
const [root = '', ...argv] = process.argv.slice(2)
const { values } = parseArgs({
  args: argv,
  options: {
    only: { type: 'string', default: 'size,alone,groups,editor' },
    agents: { type: 'string', default: '10000' },
  },
})
const only = values.only.split(',')
const agents = Number(values.agents)
const parts: (readonly [string, readonly Figure[]])[] = []
const startedAt = Date.now()
const tell = (step: string) => console.error(`${Math.round((Date.now() - startedAt) / 1000)} s: ${step}`)
if (only.includes('size')) parts.push(['build', [bundleSize()]])
if (only.includes('alone')) parts.push(['Chromium', await measurePageAlone(agents, tell)])
if (only.includes('groups')) parts.push(['Chromium', await measureGroups(agents, tell)])
if (only.includes('editor')) parts.push(['VS Code', await measurePageInEditor(root, agents, tell)])
console.log(printFigures(parts))
console.log(`\n${agents} agents, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} processors at the end`)
process.exit(parts.every(([, figures]) => figures.every(isMet)) ? 0 : 1)

function bundleSize(): Figure {
  const bytes = ['main.js', 'main.css'].reduce(
    (sum, file) => sum + statSync(`${root}dist/webview/${file}`).size,
    0,
  )
  return { name: 'script and styles of the page', value: bytes / 1024, unit: 'KiB', limit: 250 }
}
