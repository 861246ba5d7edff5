import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWebAddress, maxLinkCharacters, webLinks } from '../../../src/text/webLinks.ts'

const linked = (line: string) => webLinks(line).map(({ url }) => url)

describe('the links of a line', () => {
  it.each([
    ['see https://example.org/a?b=c#d.', 'https://example.org/a?b=c#d'],
    ['(http://10.0.0.1:8080/x)', 'http://10.0.0.1:8080/x'],
    ['"https://example.org/wiki/A_(b)",', 'https://example.org/wiki/A_(b)'],
    ['<HTTP://Example.org>', 'HTTP://Example.org'],
    ['at http://[::1]:9000/health!', 'http://[::1]:9000/health'],
    ['https://example.org/@user', 'https://example.org/@user'],
    ['https://example.org/a\u202etxt', undefined],
    ['https://example.org/a\u0007b', 'https://example.org/a'],
  ])('of %j are exactly what is shown: %j', (line, url) => {
    expect(linked(line)).toEqual(url === undefined ? [] : [url])
    for (const { start, url: shown } of webLinks(line)) expect(line.startsWith(shown, start)).toBe(true)
  })

  it.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    'command:workbench.action.quit',
    'vscode://file/x',
    'xhttps://example.org',
    'https://user:password@example.org/',
    'https://example.org@evil.example/',
    'https://example.org:443@evil.example/',
    'https://\u0435xample.org/',
    'https://exampl\u0435.org/',
    'https://example.org\u2215evil.example/',
    'https://xn--xample-2of.org/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://example.org:99999/',
    'https://',
    'https://%65xample.org/',
  ])('never are %j', (line) => {
    expect(linked(line)).toEqual([])
    expect(isWebAddress(line)).toBe(false)
  })

  it('are at most some characters long', () => {
    const url = `https://example.org/${'x'.repeat(maxLinkCharacters - 20)}`
    expect(linked(url)).toEqual([url])
    expect(linked(`${url}x`)).toEqual([])
  })

  it('lead to the host that they show, whatever a server writes', () => {
    const piece = fc.oneof(
      fc.constantFrom('https://', 'http://', '@', ':', '/', '.', '#', '?', '\\', '[', ']', '%40', 'a.b'),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const line = pieces.join('')
        for (const { start, url } of webLinks(line)) {
          expect(line.slice(start, start + url.length)).toBe(url)
          const { protocol, hostname, username } = new URL(url)
          expect(['http:', 'https:']).toContain(protocol)
          expect(username).toBe('')
          const shown = /^[^/]*\/\/([^/?#]*)/.exec(url)?.[1]?.toLowerCase().replace(/:\d+$/, '')
          expect(hostname).toBe(shown)
        }
      }),
    )
  })
})
