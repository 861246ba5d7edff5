import { describe, expect, it } from 'vitest'
import { tableText } from '../../../src/report/tableText.ts'

describe('the text of a table', () => {
  const table = {
    columns: ['Use%', 'Name|x'],
    rows: [
      { hostname: 'web-01', values: ['94%', '=HYPERLINK("http://evil")'] },
      { hostname: 'web_02', values: ['-5', undefined] },
    ],
  }

  it('is Markdown in which no value is anything but text', () => {
    expect(tableText(table, 'markdown')).toBe(
      [
        '| host | Use% | Name\\|x |',
        '| --- | --- | --- |',
        '| web-01 | 94% | =HYPERLINK("http://evil") |',
        '| web\\_02 | -5 |  |',
        '',
      ].join('\n'),
    )
  })

  it('is CSV in which no value is a formula, and numbers stay numbers', () => {
    expect(tableText(table, 'csv')).toBe(
      'host,Use%,Name|x\r\nweb-01,94%,"\'=HYPERLINK(""http://evil"")"\r\nweb_02,-5,\r\n',
    )
  })
})
