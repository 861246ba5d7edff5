/**
 * Whether the whole `text` matches the glob: `*` is any sequence of characters, `?` one character. Case-sensitive;
 * takes at most pattern length × text length steps.
 */
export function globMatches(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern)
  const given = Array.from(text)
  let at = 0
  let star = -1
  let resume = 0
  for (let i = 0; i < given.length; ) {
    if (wanted[at] === '*') {
      star = at++
      resume = i
    } else if (wanted[at] === '?' || wanted[at] === given[i]) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resume
    } else {
      return false
    }
  }
  return wanted.slice(at).every((character) => character === '*')
}
