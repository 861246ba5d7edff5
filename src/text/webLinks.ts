/** Where a link in an output stands, in characters of its line, and where it leads: exactly what is shown. */
export interface WebLink {
  readonly start: number
  readonly url: string
}

/** The most characters of a link: of a longer one only the text remains. */
export const maxLinkCharacters = 2000

/** One scheme and the characters of RFC 3986: everything that could hide or turn text ends a link. */
const candidate = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi
const wholeCandidate = new RegExp(`^${candidate.source}$`, 'i')

/** A host in ASCII: names, IPv4, IPv6 in brackets, with a port. No user, which would look like the host. */
const authority = /^(?:\[[\da-f:.]+\]|[a-z\d](?:[a-z\d._-]*[a-z\d])?)(?::\d{1,5})?$/i

/**
 * The addresses of the web in a line without colours, in linear time. Not linked are those with a user or password before
 * the host, hosts that are not ASCII (a look-alike could not be told from what it imitates), and those too long.
 */
export function webLinks(line: string): WebLink[] {
  const links: WebLink[] = []
  for (const { 0: found, index } of line.matchAll(candidate)) {
    const before = line[index - 1]
    const after = line.codePointAt(index + found.length)
    // "xhttp://" is another scheme. A letter of another script goes on with the address: its part alone leads elsewhere.
    if (before !== undefined && /[\w+.-]/.test(before)) continue
    if (after !== undefined && after > 0x7f && !isClosing(String.fromCodePoint(after))) continue
    const url = withoutTrailing(found)
    if (isWebAddress(url)) links.push({ start: index, url })
  }
  return links
}

/** Whether a text is an address that {@link webLinks} would link, whole. */
export function isWebAddress(text: string): boolean {
  if (text.length > maxLinkCharacters || !wholeCandidate.test(text)) return false
  const host = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1]?.toLowerCase() ?? ''
  if (!authority.test(host) || /(?:^|\.)xn--/.test(host) || !URL.canParse(text)) return false
  // `http://2130706433` and the like are read as another host than they show.
  return new URL(text).hostname === host.replace(/:\d+$/, '')
}

/** What ends a sentence or a quotation around the address. */
function isClosing(character: string): boolean {
  return /[\p{Pe}\p{Pf}\p{Zs}…。、，│]/u.test(character)
}

/** Punctuation after an address belongs to the sentence; a closing bracket, too, unless it was opened in the address. */
function withoutTrailing(found: string): string {
  const open = { ')': count(found, '('), ']': count(found, '[') }
  const closed = { ')': count(found, ')'), ']': count(found, ']') }
  let end = found.length
  while (end > 0) {
    const last = found[end - 1] as string
    if (last === ')' || last === ']') {
      if (closed[last] <= open[last]) break
      closed[last] -= 1
    } else if (!/[.,;:!?'*]/.test(last)) break
    end -= 1
  }
  return found.slice(0, end)
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}
