import { describe, expect, it } from 'vitest'
import { readAdvisories } from '../../../scripts/advisories/readAdvisories.mjs'

/** A report in the form of npm 7 and later. */
function report(vulnerabilities: object, prod: number | undefined = 65) {
  return JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: { vulnerabilities: {}, dependencies: { prod, dev: 300, total: 365 } },
  })
}

const advisory = {
  source: 1_100_001,
  name: 'left',
  title: 'Left can hang',
  url: 'https://example.org/advisory/1',
}
const vulnerable = (severity: string, more: object = {}) => ({
  ...{
    severity,
    isDirect: false,
    via: [advisory],
    effects: [],
    range: '<1.2.3',
    nodes: ['node_modules/left'],
  },
  ...{ fixAvailable: true, ...more },
})

describe('Known vulnerabilities', () => {
  it('are none in so many packages when npm found none', () => {
    const reading = { lines: ['No known vulnerabilities in 65 packages.'], exitCode: 0 }
    expect(readAdvisories(report({}))).toEqual(reading)
  })

  it('fails for high and critical ones, which come first', () => {
    const { lines, exitCode } = readAdvisories(
      report({ b: vulnerable('low'), a: vulnerable('high'), c: vulnerable('critical') }),
    )
    expect(exitCode).toBe(1)
    expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
      ...['severity package', 'critical c', 'high a', 'low b', '', '3 vulnerable'],
    ])
    expect(lines.at(-1)).toBe('3 vulnerable packages in 65 packages, 2 of severity high or critical.')
  })

  it.each(['moderate', 'low', 'info'])('are shown, and pass, when they are %s', (severity) => {
    const { lines, exitCode } = readAdvisories(report({ left: vulnerable(severity) }))
    expect([exitCode, lines[1]]).toEqual([
      0,
      expect.stringMatching(`^${severity} +left +<1.2.3 +npm audit fix +Left can hang`),
    ])
  })

  it('fails for a severity that is not known here', () => {
    expect(readAdvisories(report({ left: vulnerable('catastrophic') })).exitCode).toBe(1)
    expect(readAdvisories(report({ left: 'what' })).exitCode).toBe(1)
  })

  it('names what brings a package along, and the version that repairs it', () => {
    const right = vulnerable('high', {
      via: ['left', 'other'],
      fixAvailable: { name: 'right', version: '2.0.0', isSemVerMajor: true },
    })
    const [, line] = readAdvisories(report({ right, left: vulnerable('low', { fixAvailable: false }) })).lines
    expect(line).toMatch(/^high +right +<1\.2\.3 +right 2\.0\.0 +by left; by other$/)
    expect(readAdvisories(report({ left: vulnerable('low', { fixAvailable: false }) })).lines[1]).toContain(
      'none yet',
    )
  })

  it('have titles that cannot move the cursor', () => {
    const title = 'a\u001b[2J\r\nb\u202ec'
    const { lines } = readAdvisories(report({ left: vulnerable('low', { via: [{ ...advisory, title }] }) }))
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/)
  })
})

describe('A check for advisories', () => {
  const refused = (statusCode: number) => ({
    ...{
      message: `${statusCode} Method Not Allowed - POST https://registry.example.org/-/npm/v1/security/advisories/bulk`,
    },
    ...{ method: 'POST', uri: 'https://registry.example.org/-/npm/v1/security/advisories/bulk' },
    ...{ statusCode, error: { summary: '', detail: '' } },
  })

  it.each([
    [
      'the registry has no such endpoint (404)',
      JSON.stringify(refused(404)),
      /registry\.example\.org has no advisories/,
    ],
    [
      'the registry refuses it (405)',
      JSON.stringify(refused(405)),
      /registry\.example\.org has no advisories/,
    ],
    ['the registry fails (503)', JSON.stringify(refused(503)), /registry\.example\.org could not be asked/],
    [
      'there is no network',
      JSON.stringify({
        error: { code: 'ENOTFOUND', summary: 'getaddrinfo ENOTFOUND registry.example.org', detail: '' },
      }),
      /could not be asked \(getaddrinfo ENOTFOUND/,
    ],
    [
      'there is no lock file',
      JSON.stringify({
        error: { code: 'ENOLOCK', summary: 'This command requires an existing lockfile.', detail: '' },
      }),
      /requires an existing lockfile\)/,
    ],
    ['npm prints nothing', '', /no JSON/],
    ['npm prints a page', '<html>proxy</html>', /no JSON/],
    ['npm prints something else', '[]', /no JSON/],
    [
      'the report is of another version',
      JSON.stringify({ auditReportVersion: 3, vulnerabilities: {} }),
      /form that is not known/,
    ],
    ['the report is cut', JSON.stringify({ auditReportVersion: 2 }), /form that is not known/],
  ])('is no pass when %s', (_, text, why) => {
    const { lines, exitCode } = readAdvisories(text)
    expect(exitCode).toBe(2)
    expect(lines[0]).toMatch(/^Not checked: .*\.$/)
    expect(lines[0]).toMatch(why)
    expect(lines[1]).toContain('not a pass')
  })
})
