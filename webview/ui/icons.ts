const svgNamespace = 'http://www.w3.org/2000/svg'

export type IconName = keyof typeof strokes

/** A 16 × 16 icon in the colour of the text, hidden from screen readers, since there is always a word next to it. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, 'svg')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('class', `icon icon-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  for (const [kind, path] of strokes[name]) {
    const drawn = document.createElementNS(svgNamespace, 'path')
    drawn.setAttribute('d', path)
    drawn.setAttribute('class', kind)
    svg.append(drawn)
  }
  return svg
}

const ring = 'M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 0 1 0-12.5Z'

/** Lines 1.2 wide (`stroke`), dashed ones (`dashed`) or shapes (`filled`), in a square of 16. */
const strokes = {
  succeeded: [
    ['stroke', ring],
    ['stroke', 'M5 8.3l2.1 2.1L11.2 6'],
  ],
  unexpected: [
    ['stroke', 'M8 1.9l6.4 11.7H1.6L8 1.9Z'],
    ['stroke', 'M8 6.2v3.4'],
    ['filled', 'M8 11a.75.75 0 1 1 0 1.5a.75.75 0 0 1 0-1.5Z'],
  ],
  more: [
    [
      'filled',
      'M3.5 7a1 1 0 1 1 0 2a1 1 0 0 1 0-2ZM8 7a1 1 0 1 1 0 2a1 1 0 0 1 0-2ZM12.5 7a1 1 0 1 1 0 2a1 1 0 0 1 0-2Z',
    ],
  ],
  command: [
    ['stroke', 'M1.75 3h12.5v10H1.75Z'],
    ['stroke', 'M4.3 6.2l2 1.8l-2 1.8M8 10.3h3.4'],
  ],
  group: [['stroke', 'M2.5 3.5h11M2.5 6.5h11M2.5 10.5h11M2.5 13.5h11']],
  failed: [
    ['stroke', ring],
    ['stroke', 'M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8'],
  ],
  'timed-out': [
    ['stroke', ring],
    ['stroke', 'M8 4.4V8l2.4 1.6'],
  ],
  lost: [
    ['stroke', 'M9.2 3.4l1-1a2.6 2.6 0 0 1 3.7 3.7l-1.6 1.6M6.8 12.6l-1 1a2.6 2.6 0 0 1-3.7-3.7l1.6-1.6'],
    ['stroke', 'M4.6 2.2v1.6M2.2 4.6h1.6M11.4 13.8v-1.6M13.8 11.4h-1.6'],
  ],
  'no-reply': [
    ['dashed', ring],
    ['stroke', 'M6.2 6.4c.1-1 .8-1.7 1.8-1.7s1.8.7 1.8 1.6c0 1.3-1.8 1.4-1.8 2.9'],
    ['filled', 'M8 10.4a.75.75 0 1 1 0 1.5a.75.75 0 0 1 0-1.5Z'],
  ],
  interrupted: [['stroke', 'M9.2 1.8L3.8 9h3.8l-.8 5.2L12.2 7H8.4l.8-5.2Z']],
  refused: [
    ['stroke', 'M8 1.7l5 1.8v4c0 3.2-2 5.6-5 6.8c-3-1.2-5-3.6-5-6.8v-4l5-1.8Z'],
    ['stroke', 'M6.1 6.1l3.8 3.8M9.9 6.1L6.1 9.9'],
  ],
  cancelled: [
    ['stroke', ring],
    ['stroke', 'M3.7 12.3l8.6-8.6'],
  ],
  'not-started': [
    ['dashed', ring],
    ['stroke', 'M5.2 8h5.6'],
  ],
  running: [
    ['stroke', ring],
    ['filled', 'M8 4.2a3.8 3.8 0 0 1 0 7.6V4.2Z'],
  ],
  expected: [['dashed', ring]],
  shield: [['stroke', 'M8 1.7l5 1.8v4c0 3.2-2 5.6-5 6.8c-3-1.2-5-3.6-5-6.8v-4l5-1.8Z']],
  search: [
    ['stroke', 'M6.8 2.2a4.6 4.6 0 1 1 0 9.2a4.6 4.6 0 0 1 0-9.2Z'],
    ['stroke', 'M10.2 10.2l3.8 3.8'],
  ],
  columns: [['stroke', 'M2.5 2.8h11v10.4h-11V2.8ZM6.2 2.8v10.4M9.8 2.8v10.4']],
  filter: [['stroke', 'M2.2 3h11.6L9.4 8.3v4.6l-2.8-1.4V8.3L2.2 3Z']],
  chevron: [['stroke', 'M5.8 3.8L10 8l-4.2 4.2']],
  down: [['stroke', 'M3.8 5.8L8 10l4.2-4.2']],
  up: [['stroke', 'M3.8 10.2L8 6l4.2 4.2']],
  close: [['stroke', 'M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4']],
  again: [
    ['stroke', 'M13 8a5 5 0 1 1-1.5-3.6'],
    ['stroke', 'M13.2 1.9v2.9h-2.9'],
  ],
  copy: [
    ['stroke', 'M5.5 5.5h7.2v8.2H5.5Z'],
    ['stroke', 'M10.5 5.3V2.3H3.3v8.2h2'],
  ],
  export: [
    ['stroke', 'M8 10V2.2M5 5l3-3l3 3'],
    ['stroke', 'M2.8 9.5v4h10.4v-4'],
  ],
  doctor: [['stroke', 'M1.5 8.5h3l1.6-4.2l2.9 8l1.9-5.2l.9 1.4h2.7']],
  pause: [['stroke', 'M5.5 3.2v9.6M10.5 3.2v9.6']],
  resume: [['stroke', 'M4.8 3v10l8-5l-8-5Z']],
  stop: [['stroke', 'M3.8 3.8h8.4v8.4H3.8Z']],
  diff: [
    ['stroke', 'M2.2 2.8h5v10.4h-5ZM8.8 2.8h5v10.4h-5Z'],
    ['stroke', 'M3.8 6h1.8M10.4 6h1.8M11.3 5.1v1.8'],
  ],
  document: [
    ['stroke', 'M9.2 1.8H3.4v12.4h9.2V5.2L9.2 1.8Z'],
    ['stroke', 'M9 2v3.4h3.4M5.6 8.4h4.8M5.6 11h4.8'],
  ],
  format: [
    ['stroke', 'M6.2 2.2c-2 0-2.4.8-2.4 2.2S3.6 7.4 2 8c1.6.6 1.8 2.2 1.8 3.6s.4 2.2 2.4 2.2'],
    ['stroke', 'M9.8 2.2c2 0 2.4.8 2.4 2.2s.2 3 1.8 3.6c-1.6.6-1.8 2.2-1.8 3.6s-.4 2.2-2.4 2.2'],
  ],
  wrap: [
    ['stroke', 'M2 3.5h12M2 8h9.6a2 2 0 0 1 0 4.4H8.6'],
    ['stroke', 'M10.2 10.6l-1.8 1.8l1.8 1.8M2 12.4h3.4'],
  ],
  end: [
    ['stroke', 'M8 2.2v8M4.6 7l3.4 3.4L11.4 7'],
    ['stroke', 'M3 13.6h10'],
  ],
} as const satisfies Record<string, readonly (readonly ['stroke' | 'dashed' | 'filled', string])[]>
