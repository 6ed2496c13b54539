/** A vector tile with lines, made by hand (Mapbox Vector Tile 2.1 in Protocol Buffers): for tests of base maps that come as shapes. */

const EXTENT = 4096
export type TileLine = readonly (readonly [x: number, y: number])[]

function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128)
  return Buffer.from([...bytes, left])
}
const number = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field: number, body: Buffer) => Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
const words = (field: number, text: string) => bytes(field, Buffer.from(text))
const packed = (field: number, values: readonly number[]) => bytes(field, Buffer.concat(values.map(varint)))
/** Zigzag: small numbers of either sign stay small (§4.3.2). */
const zigzag = (value: number) => (value >= 0 ? 2 * value : -2 * value - 1)

/** One layer with lines of one kind; places in 0 to 4096 over the tile, from its upper left corner. */
export function writeVectorTile(layer: string, kind: string, lines: readonly TileLine[]): Buffer {
  const features = lines.map((line) => {
    let [atX, atY] = [0, 0]
    const moves = line.map(([x, y]) => {
      const step = [zigzag(Math.round(x) - atX), zigzag(Math.round(y) - atY)]
      ;[atX, atY] = [Math.round(x), Math.round(y)]
      return step
    })
    // MoveTo once, LineTo for the rest (§4.3.3)
    const geometry = [9, ...moves[0]!, ((line.length - 1) << 3) | 2, ...moves.slice(1).flat()]
    return bytes(2, Buffer.concat([packed(2, [0, 0]), number(3, 2), packed(4, geometry)]))
  })
  const value = bytes(4, words(1, kind))
  return bytes(3, Buffer.concat([number(15, 2), words(1, layer), ...features, words(3, 'kind'), value, number(5, EXTENT)]))
}
