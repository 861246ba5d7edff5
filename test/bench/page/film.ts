import type { Page } from 'playwright-core'

/** A place of the picture, CSS pixels. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Pictures of the page as they went to the screen, in the browser's own recording of it. */
export class Film {
  readonly #page: Page
  readonly #pictures: string[] = []

  private constructor(page: Page) {
    this.#page = page
  }

  /** Records while `act` goes on. */
  static async of(page: Page, act: () => Promise<void>): Promise<Film> {
    const film = new Film(page)
    const devtools = await page.context().newCDPSession(page)
    devtools.on('Page.screencastFrame', ({ data, sessionId }) => {
      film.#pictures.push(data)
      devtools.send('Page.screencastFrameAck', { sessionId }).catch(() => {})
    })
    await devtools.send('Page.startScreencast', { format: 'jpeg', quality: 60, everyNthFrame: 1 })
    try {
      await act()
    } finally {
      await devtools.send('Page.stopScreencast')
      await devtools.detach()
    }
    return film
  }

  get pictures(): number {
    return this.#pictures.length
  }

  /** Pictures in which more than `gap` pixels below one another show nothing at all in this place. */
  async blank(place: Place, gap: number): Promise<number> {
    const viewport = this.#page.viewportSize()
    // Pictures are decoded in a page that has no policy against it.
    const decoder = await this.#page.context().newPage()
    let blank = 0
    for (const data of this.#pictures) {
      const longest = await decoder.evaluate<number>(
        `(${longestGap})(${JSON.stringify(data)}, ${JSON.stringify(place)}, ${viewport?.width})`,
      )
      if (longest > gap) blank += 1
    }
    await decoder.close()
    return blank
  }
}

/** Runs in the decoder: the most lines below one another, CSS pixels, in which each pixel is like its neighbour. */
const longestGap = `async (data, place, viewportWidth) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
  const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }))
  const scale = picture.width / viewportWidth
  const [x, y, width, height] = [place.x, place.y, place.width, place.height].map((side) => Math.round(side * scale))
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context.drawImage(picture, -x, -y)
  const { data: pixels } = context.getImageData(0, 0, width, height)
  let [longest, gap] = [0, 0]
  for (let line = 0; line < height; line += 1) {
    let isEmpty = true
    for (let column = 1; column < width && isEmpty; column += 1) {
      const at = 4 * (line * width + column)
      isEmpty = Math.abs(pixels[at] - pixels[at - 4]) + Math.abs(pixels[at + 1] - pixels[at - 3]) < 40
    }
    gap = isEmpty ? gap + 1 : 0
    longest = Math.max(longest, gap)
  }
  return longest / scale
}`
