// @ts-check
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runQuietly } from './quietly.mjs'

/** For a headless browser that talks to nobody but us. */
export const browserFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
]

/**
 * Finds a Chromium or Chrome: `$CHROME_PATH`, the PATH, the usual places. On Debian and its kin it installs Chromium
 * when there is none and we are root.
 *
 * @param {{ tell?: (sentence: string) => void }} [options] `tell` hears that an installation begins
 * @returns {Promise<string>} path of the executable
 * @throws {Error} saying what to install
 */
export async function ensureBrowser({ tell } = {}) {
  const found = findBrowser()
  if (found) return found
  const isDebian = existsSync('/usr/bin/apt-get')
  if (!isDebian || process.getuid?.() !== 0) {
    const how = isDebian ? 'run `apt-get install chromium` as root' : 'install it'
    throw new Error(
      `The end-to-end tests need Chromium or Chrome and found none: ${how}, or set CHROME_PATH.`,
    )
  }
  tell?.('Installing Chromium with apt-get (once) …')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const doing = 'Installing Chromium'
  await runQuietly('apt-update', 'apt-get', ['update'], { env, doing })
  const packages = ['chromium', 'fonts-dejavu-core']
  await runQuietly('apt-chromium', 'apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    env,
    doing,
  })
  const installed = findBrowser()
  if (!installed)
    throw new Error('apt-get installed Chromium, yet none is on the PATH. Set CHROME_PATH to it.')
  return installed
}

function findBrowser() {
  const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser', 'chrome']
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  const candidates = [
    process.env.CHROME_PATH ?? '',
    ...names.flatMap((name) => folders.map((folder) => path.join(folder, name))),
    '/snap/bin/chromium',
    '/opt/google/chrome/chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return candidates.find((file) => file !== '' && existsSync(file))
}
