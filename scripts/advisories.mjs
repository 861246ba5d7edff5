// @ts-check
// `npm run advisories`: known vulnerabilities of the packages that the products contain, by the registry's advisories.
// Exit code 0: none of severity high or critical; 1: there are; 2: not checked, which is not a pass.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readAdvisories } from './advisories/readAdvisories.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** @returns {Promise<string>} what `npm audit` prints; empty where npm cannot be started */
async function audit() {
  const npm = spawn('npm', ['audit', '--json', '--omit=dev'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: process.platform === 'win32',
  })
  let text = ''
  npm.stdout.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  await new Promise((resolve) => {
    npm.once('error', resolve)
    npm.once('close', resolve)
  })
  return text
}

const { lines, exitCode } = readAdvisories(await audit())
for (const line of lines) console.log(line)
process.exitCode = exitCode
