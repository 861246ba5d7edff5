import { describe, expect, it } from 'vitest'
import { plainText } from '../../../../src/console/text/plainText.ts'

describe('plainText', () => {
  it('keeps what VS Code would draw as an icon as it stands', () => {
    expect(plainText('echo $(hostname) $(sync~spin)')).toBe('echo \\$(hostname) \\$(sync~spin)')
  })

  it('leaves alone what is no icon to VS Code: its backslash would be seen', () => {
    const commands = ['echo $(uname -r)', '$( id )', '$(a_b)', '$HOME (x)', '$(ls|wc)']
    for (const command of commands) expect(plainText(command)).toBe(command)
  })

  it('shows what cannot be seen', () => {
    expect(plainText('echo \u202e$(hostname)\u200b')).toBe('echo <U+202E>\\$(hostname)<U+200B>')
  })

  it('keeps a backslash that was there', () => {
    expect(plainText('echo \\$(hostname)')).toBe('echo \\\\$(hostname)')
  })

  it('shows where a link would go', () => {
    expect(plainText('[docs](https://example.org)')).toBe('[docs]\u200b(https://example.org)')
    expect(plainText('[ -f x ] && a[0](y)')).toBe('[ -f x ] && a[0](y)')
  })
})
