import { gzipSync } from 'node:zlib'

/** Shorter data is sent as it is: gzip saves nothing below. It is base64 either way. Bytes. */
const gzipDataFromBytes = 128

/** Large data is gzipped when samples of it (their number and bytes) shrink at least to this ratio. */
const samples = 8
const sampleBytes = 1024
const worthwhile = 0.97

/** Binary data for the envelope: gzipped where that is shorter; for large data, samples decide. */
export function packData(data: Uint8Array): { readonly name: 'd' | 'dz'; readonly base64: string } {
  if (mayShrink(data)) {
    const zipped = gzipped(data)
    if (zipped.length < data.length) return { name: 'dz', base64: zipped.toString('base64') }
  }
  return { name: 'd', base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }
}

/** Compressing in vain costs as much as the rest of sending, so for large data samples decide. */
function mayShrink(data: Uint8Array): boolean {
  if (data.length < gzipDataFromBytes) return false
  if (data.length < samples * sampleBytes * 4) return true
  const stride = Math.floor((data.length - sampleBytes) / (samples - 1))
  const taken = Buffer.concat(
    Array.from({ length: samples }, (_, index) =>
      data.subarray(index * stride, index * stride + sampleBytes),
    ),
  )
  return gzipped(taken).length < taken.length * worthwhile
}

// Level 1: on a server under load the agent's CPU is worth more than the last few percent.
const gzipped = (data: Uint8Array) => gzipSync(data, { level: 1 })
