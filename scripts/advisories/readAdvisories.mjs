// @ts-check

/** Severities of npm, the worst first. Those up to `high` fail. */
const severities = ['critical', 'high', 'moderate', 'low', 'info']
const failing = ['critical', 'high']

/** @typedef {{ readonly lines: readonly string[], readonly exitCode: 0 | 1 | 2 }} Reading */

/**
 * Reads what `npm audit --json` prints, in the form of npm 7 and later (`auditReportVersion` 2).
 * @param {string} text
 * @returns {Reading} lines to print, and the exit code: 2 when nothing was checked
 */
export function readAdvisories(text) {
  const report = parse(text)
  if (report === undefined) return notChecked('npm audit printed no JSON')
  if (isObject(report.error) || typeof report.message === 'string') return notChecked(reasonOf(report))
  if (report.auditReportVersion !== 2 || !isObject(report.vulnerabilities))
    return notChecked('npm audit printed a report of a form that is not known here')
  const rows = Object.entries(report.vulnerabilities)
    .map(([name, found]) => rowOf(name, found))
    .toSorted((a, b) => rankOf(a.severity) - rankOf(b.severity) || (a.name < b.name ? -1 : 1))
  const bad = rows.filter(({ severity }) => rankOf(severity) <= failing.length - 1)
  const packages = numberOf(report.metadata, ['dependencies', 'prod'])
  const checked = packages === undefined ? '' : ` in ${packages} packages`
  if (rows.length === 0) return { lines: [`No known vulnerabilities${checked}.`], exitCode: 0 }
  const sum = `${rows.length === 1 ? '1 vulnerable package' : `${rows.length} vulnerable packages`}${checked}, ${bad.length} of severity high or critical.`
  return { lines: [...table(rows), '', sum], exitCode: bad.length === 0 ? 0 : 1 }
}

/** @param {string} why @returns {Reading} */
function notChecked(why) {
  return {
    lines: [`Not checked: ${why}.`, 'This is not a pass: ask a registry that has advisories.'],
    exitCode: 2,
  }
}

/** @param {Record<string, unknown>} report */
function reasonOf({ error, message, statusCode, uri }) {
  const { code, summary } = isObject(error) ? error : {}
  const said = [summary, message, code].find((part) => typeof part === 'string' && part !== '')
  const words = typeof said === 'string' ? said.replace(/\.$/, '') : 'npm audit failed'
  const isMissing =
    (typeof statusCode === 'number' && [404, 405, 501].includes(statusCode)) ||
    /\b(404|405|501)\b/.test(words)
  const shown = textOf(words)
  const where = typeof uri === 'string' && URL.canParse(uri) ? ` ${new URL(uri).host}` : ''
  return isMissing
    ? `the registry${where} has no advisories (${shown})`
    : `the registry${where} could not be asked (${shown})`
}

/** @typedef {{ name: string, severity: string, range: string, title: string, fix: string }} Row */

/** @param {string} name @param {unknown} found @returns {Row} */
function rowOf(name, found) {
  const { severity, range, via, fixAvailable } = isObject(found) ? found : {}
  const causes = Array.isArray(via) ? via : []
  const titles = causes.map((cause) =>
    isObject(cause) ? `${textOf(cause.title)} ${textOf(cause.url)}`.trim() : `by ${textOf(cause)}`,
  )
  return {
    name,
    // What is not known counts as the worst: nothing passes because npm has a new word.
    severity: severities.includes(textOf(severity)) ? textOf(severity) : 'critical',
    range: textOf(range),
    title: titles.join('; '),
    fix: isObject(fixAvailable)
      ? `${textOf(fixAvailable.name)} ${textOf(fixAvailable.version)}`
      : fixAvailable === true
        ? 'npm audit fix'
        : 'none yet',
  }
}

/** @param {readonly Row[]} rows */
function table(rows) {
  const head = { name: 'package', severity: 'severity', range: 'versions', title: 'what', fix: 'fixed by' }
  /** @type {(keyof Row)[]} */
  const columns = ['severity', 'name', 'range', 'fix', 'title']
  const all = [head, ...rows]
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)))
  return all.map((row) =>
    columns
      .map((column, index) => row[column].padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** @param {string} severity */
function rankOf(severity) {
  return severities.indexOf(severity)
}

/** @param {unknown} value A registry wrote it: control characters must not reach a terminal. */
function textOf(value) {
  return typeof value === 'string'
    ? value.replace(/[^\x20-\x7e\u00a0-\u{10ffff}]|\p{Cf}/gu, '?').slice(0, 300)
    : ''
}

/** @param {unknown} value @param {readonly string[]} path */
function numberOf(value, path) {
  const found = path.reduce((at, key) => (isObject(at) ? at[key] : undefined), value)
  return typeof found === 'number' ? found : undefined
}

/** @param {string} text @returns {Record<string, unknown> | undefined} */
function parse(text) {
  try {
    const value = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
