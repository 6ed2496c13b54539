/** Colours of a screenshot: PNG as Chromium writes it (8 bits, RGB or RGBA, not interlaced; ISO/IEC 15948). */
import { deflateSync, inflateSync, crc32 } from 'node:zlib'

export type Pixels = {
  widthPx: number
  heightPx: number
  at(x: number, y: number): readonly [number, number, number]
  /** How many pixels are within `tolerance` of `#rrggbb` in each channel. */
  count(hex: string, tolerance: number): number
  /** Mean of all channels, 0 to 255. */
  brightness: number
}

export function pixelsOf(png: Buffer): Pixels {
  const [widthPx, heightPx] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const channels = png[25] === 6 ? 4 : 3
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const raw = inflateSync(Buffer.concat(parts))
  const stride = widthPx * channels
  const lines = new Uint8Array(stride * heightPx)
  for (let y = 0; y < heightPx; y++) {
    const filter = raw[y * (stride + 1)]
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? lines[y * stride + i - channels]! : 0
      const up = y > 0 ? lines[(y - 1) * stride + i]! : 0
      const corner = y > 0 && i >= channels ? lines[(y - 1) * stride + i - channels]! : 0
      const guess = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0
      lines[y * stride + i] = raw[y * (stride + 1) + 1 + i]! + guess
    }
  }
  const at = (x: number, y: number) => [0, 1, 2].map((c) => lines[y * stride + x * channels + c]!) as [number, number, number]
  let sum = 0
  for (let y = 0; y < heightPx; y++) for (let x = 0; x < widthPx; x++) sum += at(x, y).reduce((a, b) => a + b, 0)
  return {
    widthPx,
    heightPx,
    at,
    brightness: sum / (widthPx * heightPx * 3),
    count(hex, tolerance) {
      const wanted = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))
      let found = 0
      for (let y = 0; y < heightPx; y++) for (let x = 0; x < widthPx; x++) if (at(x, y).every((value, c) => Math.abs(value - wanted[c]!) <= tolerance)) found++
      return found
    },
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** A picture as PNG, for map tiles made up in a test. `paint` gives red, green, blue for each pixel. */
export function makePng(sidePx: number, paint: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const raw = Buffer.alloc(sidePx * (sidePx * 3 + 1))
  for (let y = 0; y < sidePx; y++) for (let x = 0; x < sidePx; x++) raw.set(paint(x, y), y * (sidePx * 3 + 1) + 1 + x * 3)
  const chunk = (type: string, body: Buffer) => {
    const out = Buffer.alloc(12 + body.length)
    out.writeUInt32BE(body.length, 0)
    out.write(type, 4, 'latin1')
    body.copy(out, 8)
    out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(sidePx, 0)
  head.writeUInt32BE(sidePx, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(raw, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
