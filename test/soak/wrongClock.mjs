// Preloaded into a process of the soak whose machine's clock is wrong by SOAK_CLOCK_OFFSET milliseconds.
const offsetMs = Number(process.env.SOAK_CLOCK_OFFSET)
const RightDate = Date

globalThis.Date = class extends RightDate {
  constructor(...parts) {
    if (parts.length === 0) super(RightDate.now() + offsetMs)
    else super(...parts)
  }

  static now() {
    return RightDate.now() + offsetMs
  }
}
