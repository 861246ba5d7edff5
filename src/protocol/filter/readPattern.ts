import { say } from '../../text/localizable.ts'
import { matchAt } from './lexicon.ts'
import { compilePattern, PatternError } from './pattern.ts'
import type { Scanner } from './scanner.ts'
import type { FactPath, Pattern } from './syntax.ts'

/** Reads a regular expression at the scanner's position: `/^web-\d+$/i`, in quotes, or bare if it has no brackets. */
export function readPattern(scan: Scanner, path: FactPath): Pattern {
  const start = scan.position
  scan.visit({ kind: 'pattern', start, path })
  const pattern = patternText(scan)
  try {
    compilePattern(pattern)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    scan.refuse(say('a regular expression'), {
      position: start,
      length: scan.position - start,
      message: say(
        'The regular expression at character {0} cannot be used: {1}.',
        start + 1,
        error.localizable,
      ),
      cause: error,
    })
  }
  return pattern
}

function patternText(scan: Scanner): Pattern {
  const quoted = scan.quotedRaw()
  if (quoted !== undefined) return { source: plainSlashes(quoted), flags: '' }
  return scan.startsWith('/') ? betweenSlashes(scan) : bare(scan)
}

function betweenSlashes(scan: Scanner): Pattern {
  const start = scan.position
  const source = matchAt(INSIDE_SLASHES, scan.text, start + 1)
  scan.position += 1 + source.length
  if (!scan.take('/')) {
    scan.refuse(say('a closing {0}', '/'), {
      position: start,
      length: 1 + source.length,
      message: say('The regular expression at character {0} is not closed with a /.', start + 1),
    })
  }
  const flags = matchAt(/[\p{L}\p{N}_]*/uy, scan.text, scan.position)
  if (!/^[ims]*$/.test(flags)) scan.refuse(say('flags among i, m and s'), { length: flags.length })
  scan.position += flags.length
  return { source: plainSlashes(source), flags: [...new Set(flags)].sort().join('') }
}

function bare(scan: Scanner): Pattern {
  const source = matchAt(BARE, scan.text, scan.position)
  const next = scan.text[scan.position + source.length] ?? ' '
  if (source.includes('||') || /[("',&]/.test(next)) {
    scan.refuse(say('a regular expression between slashes'), {
      length: source.length + 1,
      advice: say('Without slashes it cannot contain brackets, commas, quotes, & or ||.'),
    })
  }
  if (!source) scan.refuse(say('a regular expression, such as /^web-[0-9]+$/'))
  scan.position += source.length
  return { source: plainSlashes(source), flags: '' }
}

/** Between slashes, a slash is written `\/`; it is stored as `/`. */
function plainSlashes(source: string): string {
  return source.replace(/\\([\s\S])/g, (pair, next: string) => (next === '/' ? '/' : pair))
}

const INSIDE_SLASHES = /(?:[^/\\\r\n]|\\[^\r\n])*/y
const BARE = /[^\s()"',&]*/y
