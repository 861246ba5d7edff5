import fc from 'fast-check'

/**
 * Text of any UTF-16 units, control characters and lone surrogates included, ASCII more often than not. (fast-check's own
 * `binary` strings take seconds to get ready on a busy machine.)
 */
export function anyText(constraints: { readonly minLength?: number; readonly maxLength?: number } = {}) {
  const unit = fc.oneof(fc.nat(0x9f), fc.nat(0xffff))
  return fc.array(unit, constraints).map((units) => String.fromCharCode(...units))
}
